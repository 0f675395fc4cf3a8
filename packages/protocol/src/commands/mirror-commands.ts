import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const patternSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 257,
  description: 'Of what: a `room:channel` glob.',
} as const;

const percentSchema = {
  type: 'number',
  minimum: 0,
  maximum: 100,
  description: 'How many of a hundred traces are copied, whole; 0 = none for now.',
} as const;

const ruleIdSchema = { type: 'string', pattern: '^m_[A-Za-z0-9_-]{1,62}$' } as const;

/** Commands of administrators about copies of their tenant's traffic (MIR-1). */
export const mirrorCommands = {
  'op.mirror.put': {
    name: 'op.mirror.put',
    summary: 'Copies a share of the events of some channels; the same pattern again gets the new share.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        pattern: patternSchema as typeof patternSchema,
        percent: percentSchema as typeof percentSchema,
      },
      required: ['pattern', 'percent'],
    },
    result: {
      type: 'object',
      properties: { rule_id: ruleIdSchema as typeof ruleIdSchema },
      required: ['rule_id'],
    },
  },
  'op.mirror.list': {
    name: 'op.mirror.list',
    summary: 'Lists the rules of mirroring of the tenant.',
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
              rule_id: ruleIdSchema as typeof ruleIdSchema,
              pattern: { type: 'string' },
              percent: { type: 'number' },
              created_by: { type: 'string' },
              created_at: timeSchema as typeof timeSchema,
            },
            required: ['rule_id', 'pattern', 'percent', 'created_by', 'created_at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.mirror.delete': {
    name: 'op.mirror.delete',
    summary: 'Takes a rule of mirroring away.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { rule_id: ruleIdSchema as typeof ruleIdSchema },
      required: ['rule_id'],
    },
    result: {
      type: 'object',
      properties: { deleted: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['deleted'],
    },
  },
} as const;
