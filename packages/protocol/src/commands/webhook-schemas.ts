import { timeSchema } from './argument-schemas.ts';

/** The id of a webhook. */
export const webhookIdSchema = { type: 'string', pattern: '^wh_[A-Za-z0-9_-]{1,61}$' } as const;

/** Where a webhook goes. */
export const urlSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 2048,
  description: 'https:// address of the receiver.',
} as const;

/** Where it waits. */
export const hookRoomSchema = {
  type: 'string',
  description: 'Room that it is about; every room of the tenant where there is none, for administrators alone.',
  pattern: '^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$',
} as const;

/** What it waits for. */
export const eventsSchema = {
  type: 'array',
  maxItems: 7,
  description: 'By default message; casil and disconnect are for administrators.',
  items: {
    type: 'string',
    enum: ['message', 'presence', 'channel_created', 'channel_deleted', 'channel_vacated', 'casil', 'disconnect'],
  },
} as const;

/** What every delivery carries beside its own headers. */
export const headersSchema = {
  type: 'object',
  description: 'Headers of every delivery, at most 20; their values are shown to nobody.',
  additionalProperties: { type: 'string', maxLength: 1024 },
} as const;

/** A secret that somebody has chosen. */
export const secretSchema = {
  type: 'string',
  maxLength: 128,
  description: '`whsec_` and 24 to 64 bytes in base64; by default one is made.',
} as const;

/** How long an attempt may take. */
export const timeoutSchema = {
  type: 'integer',
  minimum: 100,
  maximum: 60_000,
  description: 'Time for one attempt; by default, and at most, what the operator has set.',
} as const;

/** Words for people. */
export const descriptionSchema = { type: 'string', maxLength: 1024 } as const;

/** A webhook as its owner sees it. */
export const webhookSchema = {
  type: 'object',
  properties: {
    webhook_id: webhookIdSchema as typeof webhookIdSchema,
    url: { type: 'string' },
    room: { type: 'string' },
    channel: { type: 'string' },
    events: { type: 'array', items: { type: 'string' } },
    headers: { type: 'array', items: { type: 'string' }, description: 'Names of its headers.' },
    timeout_ms: { type: 'integer' },
    description: { type: 'string' },
    secret: { type: 'string', description: 'Told once, to who registers it.' },
    owner: { type: 'string' },
    status: { type: 'string', enum: ['active', 'disabled'] },
    created_at: timeSchema as typeof timeSchema,
  },
  required: ['webhook_id', 'url', 'events', 'status', 'created_at', 'owner'],
} as const;

/** What became of a delivery. */
export const deliverySchema = {
  type: 'object',
  properties: {
    delivery_id: { type: 'string' },
    event_id: { type: 'string' },
    type: { type: 'string' },
    attempt: { type: 'integer', description: 'Attempts so far.' },
    status: { type: 'string', enum: ['delivered', 'retrying', 'dead'] },
    http_status: { type: 'integer', description: 'Of the last answer; absent = there was none.' },
    reason: {
      type: 'string',
      description: 'What went wrong: status, timeout, connection, blocked, answer, left_alone, too_many.',
    },
    at: timeSchema as typeof timeSchema,
    next_at: timeSchema as typeof timeSchema,
  },
  required: ['delivery_id', 'event_id', 'type', 'attempt', 'status', 'at'],
} as const;
