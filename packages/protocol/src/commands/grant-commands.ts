import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const subjectSchema = {
  type: 'string',
  minLength: 6,
  maxLength: 266,
  description: 'Whom it is for: `user:<id>`, `role:<role>` or `capability:<name>`.',
} as const;

const actionSchema = {
  type: 'string',
  enum: ['join', 'publish', 'private', 'telemetry', 'history', 'presence', 'manage', 'operate', 'reveal', '*'],
  description: 'What it is about; `*` = all of them, and where it denies, the commands of administrators too.',
} as const;

const patternSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 257,
  description: 'Where: a `room:channel` glob.',
} as const;

const effectSchema = { type: 'string', enum: ['allow', 'deny'], description: 'A denial wins.' } as const;

const grantIdSchema = { type: 'string', pattern: '^g_[A-Za-z0-9_-]{1,62}$' } as const;

/** Commands of administrators about what others may do (PRM-4). */
export const grantCommands = {
  'op.grant.put': {
    name: 'op.grant.put',
    summary: 'Allows or denies something to a user, a role or a capability; the same grant again gets the new expiry.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        subject: subjectSchema as typeof subjectSchema,
        action: actionSchema as typeof actionSchema,
        pattern: patternSchema as typeof patternSchema,
        effect: effectSchema as typeof effectSchema,
        expires_at: timeSchema as typeof timeSchema,
      },
      required: ['subject', 'action', 'pattern', 'effect'],
    },
    result: {
      type: 'object',
      properties: { grant_id: grantIdSchema as typeof grantIdSchema },
      required: ['grant_id'],
    },
  },
  'op.grant.list': {
    name: 'op.grant.list',
    summary: 'Lists the grants of the tenant, or of one subject.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        subject: subjectSchema as typeof subjectSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              grant_id: grantIdSchema as typeof grantIdSchema,
              subject: { type: 'string' },
              action: { type: 'string' },
              pattern: { type: 'string' },
              effect: effectSchema as typeof effectSchema,
              expires_at: timeSchema as typeof timeSchema,
              created_by: { type: 'string' },
              created_at: timeSchema as typeof timeSchema,
            },
            required: ['grant_id', 'subject', 'action', 'pattern', 'effect', 'created_by', 'created_at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.grant.delete': {
    name: 'op.grant.delete',
    summary: 'Takes a grant back.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { grant_id: grantIdSchema as typeof grantIdSchema },
      required: ['grant_id'],
    },
    result: {
      type: 'object',
      properties: { deleted: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['deleted'],
    },
  },
} as const;
