import { channelSchema, cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';
import {
  deliverySchema,
  eventsSchema,
  headersSchema,
  hookRoomSchema,
  secretSchema,
  timeoutSchema,
  urlSchema,
  webhookIdSchema,
  webhookSchema,
  descriptionSchema,
} from './webhook-schemas.ts';

/** Commands about webhooks: their owner's, and all of the tenant for administrators (WHK-1). */
export const webhookCommands = {
  'op.webhook.register': {
    name: 'op.webhook.register',
    summary:
      'Has what happens in a channel, a room or the tenant posted to an address; the secret that signs it is shown once.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED', 'FEATURE_DISABLED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        url: urlSchema as typeof urlSchema,
        room: hookRoomSchema as typeof hookRoomSchema,
        channel: channelSchema as typeof channelSchema,
        events: eventsSchema as typeof eventsSchema,
        headers: headersSchema as typeof headersSchema,
        secret: secretSchema as typeof secretSchema,
        timeout_ms: timeoutSchema as typeof timeoutSchema,
        description: descriptionSchema as typeof descriptionSchema,
      },
      required: ['url'],
    },
    result: webhookSchema as typeof webhookSchema,
  },
  'op.webhook.list': {
    name: 'op.webhook.list',
    summary: 'Lists your webhooks; for administrators those of the tenant.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: webhookSchema as typeof webhookSchema },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.webhook.get': {
    name: 'op.webhook.get',
    summary: 'Tells of one webhook, without its secrets.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: { webhook_id: webhookIdSchema as typeof webhookIdSchema },
      required: ['webhook_id'],
    },
    result: webhookSchema as typeof webhookSchema,
  },
  'op.webhook.update': {
    name: 'op.webhook.update',
    summary: 'Changes what is named of a webhook; status active brings back one that was disabled.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND', 'CONFLICT', 'FEATURE_DISABLED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        url: urlSchema as typeof urlSchema,
        room: hookRoomSchema as typeof hookRoomSchema,
        channel: channelSchema as typeof channelSchema,
        events: eventsSchema as typeof eventsSchema,
        headers: headersSchema as typeof headersSchema,
        timeout_ms: timeoutSchema as typeof timeoutSchema,
        description: descriptionSchema as typeof descriptionSchema,
        status: { type: 'string', enum: ['active', 'disabled'] },
      },
      required: ['webhook_id'],
    },
    result: webhookSchema as typeof webhookSchema,
  },
  'op.webhook.unregister': {
    name: 'op.webhook.unregister',
    summary: 'Takes a webhook away, with what it still had to deliver.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { webhook_id: webhookIdSchema as typeof webhookIdSchema },
      required: ['webhook_id'],
    },
    result: {
      type: 'object',
      properties: { unregistered: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['unregistered'],
    },
  },
  'op.webhook.rotate_secret': {
    name: 'op.webhook.rotate_secret',
    summary: 'Gives a webhook a new secret; the one before signs as well until the overlap is over.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND', 'CONFLICT', 'FEATURE_DISABLED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        secret: secretSchema as typeof secretSchema,
        overlap_ms: {
          type: 'integer',
          minimum: 0,
          maximum: 604_800_000,
          description: 'How long both sign; by default a day.',
        },
      },
      required: ['webhook_id'],
    },
    result: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        secret: { type: 'string', description: 'Shown here and never again.' },
        previous_until: timeSchema as typeof timeSchema,
      },
      required: ['webhook_id', 'secret', 'previous_until'],
    },
  },
  'op.webhook.deliveries': {
    name: 'op.webhook.deliveries',
    summary: 'Lists what became of the latest deliveries of a webhook, the newest first.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
      required: ['webhook_id'],
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: deliverySchema as typeof deliverySchema },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.webhook.replay': {
    name: 'op.webhook.replay',
    summary: 'Delivers again what was delivered, with the id that it had.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        delivery_id: { type: 'string', minLength: 1, maxLength: 64 },
      },
      required: ['webhook_id', 'delivery_id'],
    },
    result: {
      type: 'object',
      properties: { replayed: { type: 'integer' } },
      required: ['replayed'],
    },
  },
  'op.webhook.dlq.list': {
    name: 'op.webhook.dlq.list',
    summary: 'Lists deliveries of a webhook that were given up, the newest first.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
      required: ['webhook_id'],
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: deliverySchema as typeof deliverySchema },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.webhook.dlq.replay': {
    name: 'op.webhook.dlq.replay',
    summary: 'Delivers again one that was given up, or up to a thousand of them.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        webhook_id: webhookIdSchema as typeof webhookIdSchema,
        delivery_id: { type: 'string', minLength: 1, maxLength: 64, description: 'By default all.' },
      },
      required: ['webhook_id'],
    },
    result: {
      type: 'object',
      properties: { replayed: { type: 'integer' } },
      required: ['replayed'],
    },
  },
} as const;
