import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const sinceSchema = { type: 'string', maxLength: 40, description: 'From this time on, RFC 3339.' } as const;
const untilSchema = { type: 'string', maxLength: 40, description: 'Before this time, RFC 3339.' } as const;

/** A record as it is told; its hash is taken over all of it (docs/audit.md). */
const recordSchema = {
  type: 'object',
  properties: {
    seq: { type: 'integer', description: 'Place in the chain of the tenant: 1, 2, 3.' },
    at: timeSchema as typeof timeSchema,
    phase: {
      type: 'string',
      enum: ['intent', 'done', 'failed', 'note'],
      description: 'Before an action, after it, or by itself.',
    },
    intent_seq: { type: 'integer', description: 'Of `done` and `failed`: where the intent stands; else 0.' },
    actor: { type: 'string', description: '`user:<user>`, `operator:<address>` or `system`.' },
    action: { type: 'string' },
    target: { type: 'string' },
    before: { type: 'string', description: 'Digest of what was stored before; empty = nothing.' },
    after: { type: 'string' },
    trace_id: { type: 'string' },
    details: { type: 'string', description: 'The text of a JSON object.' },
    prev_hash: { type: 'string' },
    hash: { type: 'string' },
  },
  required: [
    'seq',
    'at',
    'phase',
    'intent_seq',
    'actor',
    'action',
    'target',
    'before',
    'after',
    'trace_id',
    'details',
    'prev_hash',
    'hash',
  ],
} as const;

/** Commands about the audit trail. */
export const auditCommands = {
  'op.audit.list': {
    name: 'op.audit.list',
    summary: 'Lists what was done to the bus in the tenant, oldest first.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        since: sinceSchema as typeof sinceSchema,
        until: untilSchema as typeof untilSchema,
        action: { type: 'string', pattern: '^[a-z][a-z0-9_.]{0,63}$', description: 'This action alone.' },
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: recordSchema as typeof recordSchema },
        cursor: { type: 'string', description: 'A page may be short, or empty, and have one.' },
      },
      required: ['items'],
    },
  },
  'op.audit.verify': {
    name: 'op.audit.verify',
    summary: "Checks every link of the tenant's chain, and that it has not lost its end.",
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: { type: 'object', properties: {} },
    result: {
      type: 'object',
      properties: {
        ok: { type: 'boolean' },
        checked: { type: 'integer', description: 'Records that were found good.' },
        compared: {
          type: 'integer',
          description: 'Of these, how many stand in the copy in Postgres, and are the same there.',
        },
        first_broken: { type: 'integer', description: 'Sequence at which the chain breaks.' },
        problem: {
          type: 'string',
          enum: ['unreadable', 'foreign', 'missing', 'repeated', 'unlinked', 'changed', 'rewritten', 'truncated'],
          description: 'How it breaks there.',
        },
        last_seq: { type: 'integer', description: 'The last good record; 0 = there is none.' },
        last_hash: { type: 'string', description: 'Its hash: worth keeping elsewhere.' },
      },
      required: ['ok', 'checked', 'compared', 'last_seq', 'last_hash'],
    },
  },
} as const;
