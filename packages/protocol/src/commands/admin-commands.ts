import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const userSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  description: 'User, as the `sub` of tokens names it.',
} as const;

/** Commands of administrators about other people's sessions. */
export const adminCommands = {
  'op.session.disconnect': {
    name: 'op.session.disconnect',
    summary: 'Ends the sessions of a client or a user, and bans the user for a while when asked to.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'TARGET_NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        client_id: { type: 'string', minLength: 1, maxLength: 64, description: 'One client; else name a user.' },
        user: userSchema as typeof userSchema,
        reason: { type: 'string', maxLength: 256, description: 'Told to the client and kept with the ban.' },
        ban_for_ms: {
          type: 'integer',
          minimum: 1,
          maximum: 3_153_600_000_000,
          description: 'Bans the user for so long; without it nobody is banned.',
        },
      },
    },
    result: {
      type: 'object',
      properties: { disconnected: { type: 'integer', description: 'Sessions that were ended.' } },
      required: ['disconnected'],
    },
  },
  'op.ban.list': {
    name: 'op.ban.list',
    summary: 'Lists the bans of the tenant.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              user: { type: 'string' },
              until: timeSchema as typeof timeSchema,
              reason: { type: 'string' },
            },
            required: ['user', 'until', 'reason'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.ban.lift': {
    name: 'op.ban.lift',
    summary: 'Lifts the ban of a user.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: { type: 'object', properties: { user: userSchema as typeof userSchema }, required: ['user'] },
    result: {
      type: 'object',
      properties: { lifted: { type: 'boolean', description: 'Whether there was a ban.' } },
      required: ['lifted'],
    },
  },
} as const;
