import { nothingSchema, timeSchema } from './argument-schemas.ts';

/** Commands about the connection itself. */
export const sessionCommands = {
  ping: {
    name: 'ping',
    summary: 'Answers at once; shows that the connection and the server are alive.',
    right: 'any',
    errors: [],
    args: nothingSchema as typeof nothingSchema,
    result: {
      type: 'object',
      properties: { pong: { type: 'boolean' }, server_time: timeSchema as typeof timeSchema },
      required: ['pong', 'server_time'],
    },
  },
  status: {
    name: 'status',
    summary: 'Tells the state of the server and the figures of the own tenant.',
    right: 'any',
    errors: [],
    args: nothingSchema as typeof nothingSchema,
    result: {
      type: 'object',
      properties: {
        server: {
          type: 'object',
          properties: { version: { type: 'string' }, uptime_s: { type: 'integer' }, node: { type: 'string' } },
          required: ['version', 'uptime_s', 'node'],
        },
        connections: { type: 'integer' },
        rooms: { type: 'integer' },
        channels: { type: 'integer' },
        messages: {
          type: 'object',
          properties: { in: { type: 'integer' }, out: { type: 'integer' } },
          required: ['in', 'out'],
        },
      },
      required: ['server', 'connections', 'rooms', 'channels', 'messages'],
    },
  },
  help: {
    name: 'help',
    summary: 'Describes one command, or all that the caller may use.',
    right: 'any',
    errors: ['UNKNOWN_COMMAND'],
    args: {
      type: 'object',
      properties: { command: { type: 'string', maxLength: 64, description: 'The one to describe.' } },
    },
    result: {
      type: 'object',
      properties: {
        commands: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              summary: { type: 'string' },
              right: { type: 'string' },
              args: { type: 'object' },
              result: { type: 'object' },
              errors: { type: 'array', items: { type: 'string' } },
            },
            required: ['name', 'summary', 'right', 'args', 'result', 'errors'],
          },
        },
      },
      required: ['commands'],
    },
  },
  refresh: {
    name: 'refresh',
    summary: 'Replaces the token of the session by a newer one of the same user and tenant.',
    right: 'any',
    needsConnection: true,
    errors: ['AUTHENTICATION_FAILED', 'TOKEN_EXPIRED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: { token: { type: 'string', maxLength: 16384, description: 'The new token.' } },
      required: ['token'],
    },
    result: {
      type: 'object',
      properties: { token_expires_at: timeSchema as typeof timeSchema },
      required: ['token_expires_at'],
    },
  },
} as const;
