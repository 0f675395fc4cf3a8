import {
  channelSchema,
  cursorSchema,
  limitSchema,
  memberSchema,
  nothingSchema,
  roomSchema,
} from './argument-schemas.ts';

/** Commands about who is there. */
export const presenceCommands = {
  presence: {
    name: 'presence',
    summary: 'Lists the members of a channel, or of a whole room, oldest connection first.',
    right: 'presence',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        room: roomSchema as typeof roomSchema,
        channel: channelSchema as typeof channelSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        members: { type: 'array', items: memberSchema as typeof memberSchema },
        total: { type: 'integer' },
        cursor: { type: 'string' },
      },
      required: ['members', 'total'],
    },
  },
  set_status: {
    name: 'set_status',
    summary: 'Sets what others see of this client, in every channel; what is left out stays.',
    right: 'any',
    needsConnection: true,
    errors: ['PAYLOAD_TOO_LARGE'],
    args: {
      type: 'object',
      properties: {
        status: { type: 'string', maxLength: 64, description: 'Such as `away`; empty = none.' },
        meta: { type: 'object', description: 'Any JSON object of at most 1 KiB; `{}` = none.' },
      },
    },
    result: nothingSchema as typeof nothingSchema,
  },
} as const;
