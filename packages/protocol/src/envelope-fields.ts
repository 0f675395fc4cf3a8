import type { EnvelopeType, ReplyStatus } from './envelope.ts';

/** The fields of an envelope by the number that they have in Protobuf; the same numbers index spans of JSON frames. */
export const field = {
  version: 1,
  id: 2,
  type: 3,
  timestamp: 4,
  room: 5,
  channel: 6,
  sender: 7,
  to: 8,
  payload: 9,
  contentType: 10,
  metadata: 11,
  command: 12,
  args: 13,
  ack: 14,
  requestId: 15,
  status: 16,
  error: 17,
  errorCode: 18,
  seq: 19,
  prevSeq: 20,
  epoch: 21,
  schema: 22,
  traceparent: 23,
  causalParentId: 24,
  vectorClock: 25,
  intent: 26,
  vector: 27,
  capabilities: 28,
  spectral: 29,
  signature: 30,
  headers: 31,
  expectedSeq: 32,
} as const;

/** The JSON name of every field, by number; the place of 0 is empty. */
export const fieldNames: readonly string[] = [
  '',
  'version',
  'id',
  'type',
  'timestamp',
  'room',
  'channel',
  'sender',
  'to',
  'payload',
  'content_type',
  'metadata',
  'command',
  'args',
  'ack',
  'request_id',
  'status',
  'error',
  'error_code',
  'seq',
  'prev_seq',
  'epoch',
  'schema',
  'traceparent',
  'causal_parent_id',
  'vector_clock',
  'intent',
  'vector',
  'capabilities',
  'spectral',
  'signature',
  'headers',
  'expected_seq',
];

/**
 * How large a field may be, in both formats. Texts in UTF-16 units, lists and maps in entries, `signature` in bytes.
 * Fields that have a grammar of their own (`id`, `room`, `channel`, `command`, `traceparent`, …) are bounded by it;
 * `to` by the limit `maxTargets`; `payload`, `metadata`, `args` and `spectral` by the frame.
 */
export const bounds = {
  /** `sender` and `request_id`: the server overwrites or clears them, so only their size is looked at. */
  serverText: 255,
  contentType: 255,
  error: 1_024,
  errorCode: 64,
  epoch: 64,
  schema: 255,
  vectorClockEntries: 256,
  intent: 256,
  vector: 4_096,
  capabilities: 64,
  capability: 128,
  signature: 256,
  headers: 32,
  headerValue: 1_024,
  /** More than any configured `maxTargets`: what a decoder of trusted bytes stops at. */
  targets: 1_024,
} as const;

/** Envelope types by their number in Protobuf; the place of 0 is not a type. */
export const typeNames: readonly (EnvelopeType | undefined)[] = [
  undefined,
  'event',
  'private',
  'command',
  'telemetry',
  'system',
  'response',
  'error',
  'task',
];

/** The Protobuf number of every envelope type. */
export const typeNumbers: Readonly<Record<EnvelopeType, number>> = {
  event: 1,
  private: 2,
  command: 3,
  telemetry: 4,
  system: 5,
  response: 6,
  error: 7,
  task: 8,
};

/** Reply statuses by their number in Protobuf. */
export const statusNames: readonly ReplyStatus[] = ['', 'success', 'error'];
