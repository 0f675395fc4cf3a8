import { channelSchema, cursorSchema, limitSchema, roomSchema, timeSchema } from './argument-schemas.ts';

const historyArgs = {
  type: 'object',
  properties: {
    room: roomSchema as typeof roomSchema,
    channel: channelSchema as typeof channelSchema,
    limit: limitSchema as typeof limitSchema,
    since: timeSchema as typeof timeSchema,
    until: timeSchema as typeof timeSchema,
    after_seq: { type: 'integer', minimum: 0 },
    before_seq: { type: 'integer', minimum: 0 },
    cursor: cursorSchema as typeof cursorSchema,
    order: { type: 'string', enum: ['oldest', 'newest'] },
  },
} as const;

const historyResult = {
  type: 'object',
  properties: {
    publications: { type: 'array', items: { type: 'object' } },
    cursor: { type: 'string' },
    epoch: { type: 'string' },
    first_seq: { type: 'integer' },
    last_seq: { type: 'integer' },
  },
  required: ['publications', 'epoch', 'first_seq', 'last_seq'],
} as const;

/** Commands that read a channel's log. */
export const historyCommands = {
  history: {
    name: 'history',
    summary: 'Reads stored publications of a channel, page by page.',
    right: 'history',
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
  'op.history.get': {
    name: 'op.history.get',
    summary: 'The same as `history`.',
    right: 'history',
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
} as const;
