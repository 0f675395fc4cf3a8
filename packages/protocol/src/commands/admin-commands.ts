import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const userSchema = { type: 'string', minLength: 1, maxLength: 255 } as const;

/** Commands of administrators about other people's sessions. */
export const adminCommands = {
  'op.session.disconnect': {
    name: 'op.session.disconnect',
    summary: 'Ends the sessions of a client or a user, and bans the user for a while when asked to.',
    right: 'admin',
    args: {
      type: 'object',
      properties: {
        client_id: { type: 'string', minLength: 1, maxLength: 64 },
        user: userSchema as typeof userSchema,
        reason: { type: 'string', maxLength: 256 },
        ban_for_ms: { type: 'integer', minimum: 1, maximum: 3_153_600_000_000 },
      },
    },
    result: { type: 'object', properties: { disconnected: { type: 'integer' } }, required: ['disconnected'] },
  },
  'op.ban.list': {
    name: 'op.ban.list',
    summary: 'Lists the bans of the tenant.',
    right: 'admin',
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
    args: { type: 'object', properties: { user: userSchema as typeof userSchema }, required: ['user'] },
    result: { type: 'object', properties: { lifted: { type: 'boolean' } }, required: ['lifted'] },
  },
} as const;
