import { channelSchema, cursorSchema, limitSchema, roomSchema } from './argument-schemas.ts';

const sinceSchema = { type: 'string', maxLength: 40, description: 'From this time on, RFC 3339.' } as const;
const untilSchema = { type: 'string', maxLength: 40, description: 'Before this time, RFC 3339.' } as const;

const historyArgs = {
  type: 'object',
  properties: {
    room: roomSchema as typeof roomSchema,
    channel: channelSchema as typeof channelSchema,
    limit: limitSchema as typeof limitSchema,
    since: sinceSchema as typeof sinceSchema,
    until: untilSchema as typeof untilSchema,
    after_seq: { type: 'integer', minimum: 0, description: 'After this sequence.' },
    before_seq: { type: 'integer', minimum: 0, description: 'Before this sequence.' },
    cursor: cursorSchema as typeof cursorSchema,
    order: { type: 'string', enum: ['oldest', 'newest'], description: 'Which come first; default `oldest`.' },
  },
} as const;

const historyResult = {
  type: 'object',
  properties: {
    publications: { type: 'array', items: { type: 'object' } },
    cursor: { type: 'string' },
    epoch: { type: 'string' },
    first_seq: { type: 'integer', description: 'The oldest that is kept.' },
    last_seq: { type: 'integer', description: 'The newest.' },
  },
  required: ['publications', 'epoch', 'first_seq', 'last_seq'],
} as const;

/** Commands that read a channel's log. */
export const historyCommands = {
  history: {
    name: 'history',
    summary: 'Reads stored publications of a channel, page by page.',
    right: 'history',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
  'op.history.get': {
    name: 'op.history.get',
    summary: 'The same as `history`.',
    right: 'history',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
} as const;
