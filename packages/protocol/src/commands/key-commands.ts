import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const nameSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  description: 'For people: what it is for.',
} as const;

const roleSchema = {
  type: 'string',
  enum: ['guest', 'user', 'moderator', 'admin'],
  description: 'Default `guest`: it may do what its permissions say, and nothing else.',
} as const;

const permissionsSchema = {
  type: 'array',
  maxItems: 64,
  description: 'What it may or may not do beside its role, as the `permissions` of a token.',
  items: {
    type: 'object',
    properties: {
      action: { type: 'string', maxLength: 32 },
      pattern: { type: 'string', minLength: 1, maxLength: 257, description: 'A `room:channel` glob.' },
      effect: { type: 'string', enum: ['allow', 'deny'] },
    },
    required: ['action', 'pattern', 'effect'],
  },
} as const;

const keyIdSchema = { type: 'string', pattern: '^[0-9a-f]{20}$' } as const;
const keySchema = { type: 'string', description: 'The key itself. It is told this once.' } as const;

/** Commands of administrators about the keys of servers (BRG-1). */
export const keyCommands = {
  'op.key.create': {
    name: 'op.key.create',
    summary: 'Makes a key with which a server speaks to the Bridge.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        role: roleSchema as typeof roleSchema,
        permissions: permissionsSchema as typeof permissionsSchema,
        expires_at: timeSchema as typeof timeSchema,
      },
      required: ['name'],
    },
    result: {
      type: 'object',
      properties: { key_id: keyIdSchema as typeof keyIdSchema, key: keySchema as typeof keySchema },
      required: ['key_id', 'key'],
    },
  },
  'op.key.list': {
    name: 'op.key.list',
    summary: 'Lists the keys of the tenant; the keys themselves are kept nowhere.',
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
              key_id: keyIdSchema as typeof keyIdSchema,
              name: { type: 'string' },
              role: { type: 'string' },
              permissions: permissionsSchema as typeof permissionsSchema,
              expires_at: timeSchema as typeof timeSchema,
              previous_until: timeSchema as typeof timeSchema,
              created_by: { type: 'string' },
              created_at: timeSchema as typeof timeSchema,
              last_used_at: timeSchema as typeof timeSchema,
            },
            required: ['key_id', 'name', 'role', 'permissions', 'created_by', 'created_at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.key.rotate': {
    name: 'op.key.rotate',
    summary: 'Makes a new key of the same id; the old one is taken a while longer.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND', 'CONFLICT'],
    args: {
      type: 'object',
      properties: {
        key_id: keyIdSchema as typeof keyIdSchema,
        overlap_ms: {
          type: 'integer',
          minimum: 0,
          maximum: 2_592_000_000,
          description: 'How long the old key is taken beside the new one; default a day, 0 = no longer.',
        },
      },
      required: ['key_id'],
    },
    result: {
      type: 'object',
      properties: {
        key_id: keyIdSchema as typeof keyIdSchema,
        key: keySchema as typeof keySchema,
        previous_until: timeSchema as typeof timeSchema,
      },
      required: ['key_id', 'key', 'previous_until'],
    },
  },
  'op.key.revoke': {
    name: 'op.key.revoke',
    summary: 'Takes a key away, for good.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { key_id: keyIdSchema as typeof keyIdSchema },
      required: ['key_id'],
    },
    result: {
      type: 'object',
      properties: { revoked: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['revoked'],
    },
  },
} as const;
