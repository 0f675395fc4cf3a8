import { NAME_PATTERN, channelSchema, limitSchema, roomSchema } from './argument-schemas.ts';

const sinceSchema = { type: 'string', maxLength: 40, description: 'From this time on, RFC 3339.' } as const;
const untilSchema = { type: 'string', maxLength: 40, description: 'Before this time, RFC 3339.' } as const;

const roomNameSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'Of this room.',
} as const;

const epochSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  description: 'An earlier epoch of the channel, as the archive has it; without it the present one.',
} as const;

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
    cursor: { type: 'string', maxLength: 8192, description: 'Cursor of the page before.' },
    epoch: epochSchema as typeof epochSchema,
    order: { type: 'string', enum: ['oldest', 'newest'], description: 'Which come first; default `oldest`.' },
  },
} as const;

const earlierEpochSchema = {
  type: 'string',
  description: 'Where this reaches the beginning of the epoch: the one before it, of which the archive has something.',
} as const;

const historyResult = {
  type: 'object',
  properties: {
    publications: { type: 'array', items: { type: 'object' } },
    cursor: { type: 'string' },
    epoch: { type: 'string', description: 'Of the channel; a room has none of its own.' },
    first_seq: { type: 'integer', description: 'The oldest that is kept.' },
    last_seq: { type: 'integer', description: 'The newest.' },
    earlier_epoch: earlierEpochSchema as typeof earlierEpochSchema,
    incomplete: {
      type: 'boolean',
      description: 'True where the archive could not be read: publications older than these may be missing.',
    },
  },
  required: ['publications'],
} as const;

const replayArgs = {
  type: 'object',
  properties: {
    room: roomSchema as typeof roomSchema,
    channel: channelSchema as typeof channelSchema,
    from_ts: { type: 'string', maxLength: 40, description: 'RFC 3339 time of the first publication, inclusive.' },
    to_ts: { type: 'string', maxLength: 40, description: 'RFC 3339 time; publications before it are replayed.' },
    from_seq: { type: 'integer', minimum: 1, maximum: 9007199254740990, description: 'Inclusive.' },
    to_seq: { type: 'integer', minimum: 1, maximum: 9007199254740990, description: 'Inclusive.' },
    epoch: epochSchema as typeof epochSchema,
    speed: {
      type: 'number',
      minimum: 0.001,
      maximum: 1000,
      description: 'Times the original speed; without it as fast as the client reads.',
    },
    strict_sequence: {
      type: 'boolean',
      description: 'Refuse a sequence, or a vector clock of one sender, that goes back.',
    },
    causal: { type: 'boolean', description: 'Order by causal parents; for windows of up to 1,000 publications.' },
  },
} as const;

const replayResult = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    epoch: { type: 'string' },
    first_seq: { type: 'integer' },
    last_seq: { type: 'integer' },
    hash: { type: 'string', description: 'Over what was replayed, in that order: docs/replay.md.' },
    gaps: {
      type: 'array',
      description: 'Where publications of the window are, or may be, no longer kept; exclusive bounds.',
      items: {
        type: 'object',
        properties: { after_seq: { type: 'integer' }, before_seq: { type: 'integer' } },
        required: ['after_seq', 'before_seq'],
      },
    },
    earlier_epoch: earlierEpochSchema as typeof earlierEpochSchema,
    cancelled: { type: 'boolean', description: 'True where the replay was ended before its time.' },
  },
  required: ['count', 'epoch', 'first_seq', 'last_seq', 'hash', 'gaps'],
} as const;

/** Commands that read a channel's log. */
export const historyCommands = {
  history: {
    name: 'history',
    summary:
      'Reads stored publications of a channel, or of all channels of a room that the caller may read, page by page.',
    right: 'history',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'CONFLICT', 'NOT_FOUND'],
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
  'op.history.get': {
    name: 'op.history.get',
    summary: 'The same as `history`.',
    right: 'history',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'CONFLICT', 'NOT_FOUND'],
    args: historyArgs as typeof historyArgs,
    result: historyResult as typeof historyResult,
  },
  'op.history.replay': {
    name: 'op.history.replay',
    summary: 'Sends a window of a channel again, as `event` frames marked `metadata.replay`, to the caller alone.',
    right: 'history',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'CONFLICT', 'NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'TIMEOUT'],
    args: replayArgs as typeof replayArgs,
    result: replayResult as typeof replayResult,
  },
  'op.history.replay.cancel': {
    name: 'op.history.replay.cancel',
    summary: 'Ends a replay of this connection.',
    right: 'any',
    needsConnection: true,
    errors: [],
    args: {
      type: 'object',
      properties: { request_id: { type: 'string', maxLength: 255, description: 'Id of the `op.history.replay`.' } },
      required: ['request_id'],
    },
    result: { type: 'object', properties: { cancelled: { type: 'boolean' } }, required: ['cancelled'] },
  },
  'op.history.erase': {
    name: 'op.history.erase',
    summary:
      'Erases stored publications to which all of the arguments apply, from the log and the archive; one argument at least.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'RATE_LIMITED'],
    args: {
      type: 'object',
      properties: {
        room: roomNameSchema as typeof roomNameSchema,
        channel: channelSchema as typeof channelSchema,
        user: { type: 'string', minLength: 1, maxLength: 255, description: 'Published by this user.' },
        before: { type: 'string', maxLength: 40, description: 'Stored before this time, RFC 3339.' },
      },
    },
    result: {
      type: 'object',
      properties: {
        erased: { type: 'integer', description: 'Publications that were taken out of the log.' },
        archive_erased: { type: 'integer', description: 'Copies that were taken out of the archive.' },
      },
      required: ['erased', 'archive_erased'],
    },
  },
} as const;
