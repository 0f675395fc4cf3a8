import { createEnvelope } from '../src/envelope.ts';
import type { Envelope, EnvelopeType } from '../src/envelope.ts';

const encoder = new TextEncoder();

function json(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function envelope(type: EnvelopeType, fields: Partial<Envelope>): Envelope {
  return { ...createEnvelope(type), ...fields };
}

const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';
const other = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3E';
const at = { room: 'lobby', channel: 'general' } as const;
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

/** What the golden vectors say, by name (PRT-13). A vector that exists never changes; new ones are added. */
export const vectorEnvelopes: Readonly<Record<string, Envelope>> = {
  'minimal-event': envelope('event', {}),
  'event-object-payload': envelope('event', {
    id,
    ...at,
    payload: json({ text: 'Hello', count: 3, nested: { ok: true } }),
  }),
  'event-null-payload': envelope('event', { id, ...at, payload: json(null) }),
  'event-false-payload': envelope('event', { id, ...at, payload: json(false) }),
  'event-zero-payload': envelope('event', { id, ...at, payload: json(0) }),
  'event-empty-string-payload': envelope('event', { id, ...at, payload: json('') }),
  'event-empty-object-payload': envelope('event', { id, ...at, payload: json({}), metadata: json({}) }),
  'event-array-payload': envelope('event', { id, ...at, payload: json([1, [2, [3, []]], 'four', null]) }),
  'event-unicode': envelope('event', {
    id,
    ...at,
    payload: json({ text: 'Grüße, 世界 👩‍🚀 \u0000\u001f\u007f\u2028 "quoted" \\ /' }),
    intent: 'ask for café opening hours 🕘',
  }),
  'event-raw-json-kept': envelope('event', {
    id,
    ...at,
    payload: encoder.encode('{ "b" : 1.50, "a" : 1e2,\n"big" : 12345678901234567890, "e" : "\\u00e9\\/" }'),
  }),
  'event-honest-prototype-keys': envelope('event', {
    id,
    ...at,
    payload: json({ constructor: 1, prototype: 2, hasOwnProperty: 3 }),
  }),
  'event-json-suffix-type': envelope('event', {
    id,
    ...at,
    contentType: 'application/cloudevents+json',
    payload: json({ specversion: '1.0' }),
  }),
  'event-explicit-json-type': envelope('event', {
    id,
    ...at,
    contentType: 'application/json; charset=utf-8',
    payload: json([true]),
  }),
  'event-binary-payload': envelope('event', { id, ...at, contentType: 'application/octet-stream', payload: allBytes }),
  'event-binary-one-byte': envelope('event', {
    id,
    ...at,
    contentType: 'application/octet-stream',
    payload: Uint8Array.of(255),
  }),
  'event-text-payload': envelope('event', {
    id,
    ...at,
    contentType: 'text/plain',
    payload: encoder.encode('plain tëxt'),
  }),
  'event-room-wide': envelope('event', { id, room: 'lobby', channel: '*', payload: json({ notice: 'All hands' }) }),
  'event-acknowledged': envelope('event', { id, ...at, ack: true, payload: json({ order: 'A-1' }) }),
  'event-minor-version': envelope('event', { version: '1.7', id, ...at, payload: json(1) }),
  'event-metadata': envelope('event', {
    id,
    ...at,
    payload: json({}),
    metadata: json({ source: 'billing', nested: { retries: 2 }, tags: ['a', 'b'] }),
    headers: { 'content-language': 'de', empty: '', 'x.note': 'a "quoted" – note' },
  }),
  'event-meaning': envelope('event', {
    id,
    ...at,
    schema: 'orders.v1.OrderPlaced',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    causalParentId: other,
    vectorClock: { 'shield-1': 3, 'shield-2': 0, agent_7: 9_007_199_254_740_991 },
    intent: 'summarize',
    vector: [0, -0, 1, -1.5, 0.1, 1e-7, 1e21, 5e-324, 1.7976931348623157e308],
    capabilities: ['translate', 'résumé'],
    spectral: json({ bands: [0.1, 0.2], phase: 'π' }),
    signature: Uint8Array.of(0, 1, 2, 253, 254, 255),
  }),
  'event-expected-none': envelope('event', { id, ...at, payload: json(1), ack: true, expectedSeq: 0 }),
  'event-expected-seq': envelope('event', {
    id,
    ...at,
    payload: json({ counter: 43 }),
    ack: true,
    expectedSeq: 9_007_199_254_740_991,
  }),
  'logged-publication': envelope('event', {
    id,
    ...at,
    sender: 'shield-1_k3Jv9QxT',
    timestampMs: 1_767_323_045_006,
    payload: json({ text: 'stored' }),
    seq: 42,
    prevSeq: 41,
    epoch: '01J9ZQ4T',
  }),
  'logged-publication-first': envelope('event', { id, ...at, payload: json(1), seq: 1, epoch: 'e' }),
  'logged-publication-largest': envelope('event', {
    id,
    ...at,
    timestampMs: 253_402_300_799_999,
    payload: json(1),
    seq: 9_007_199_254_740_991,
    prevSeq: 4_294_967_296,
    epoch: 'z'.repeat(64),
  }),
  'private-to-client': envelope('private', { id, to: ['shield-1_k3Jv9QxT'], payload: json({ text: 'psst' }) }),
  'private-to-many': envelope('private', {
    id,
    to: ['shield-1_k3Jv9QxT', 'user:alice@example.com', 'user:auth0|5f7c8ec7c33c6c004bbafe82'],
    payload: json('hi'),
    ack: true,
  }),
  'command-without-args': envelope('command', { id, command: 'ping' }),
  'command-with-args': envelope('command', {
    id,
    command: 'op.history.get',
    args: json({ room: 'lobby', channel: 'general', limit: 50 }),
  }),
  telemetry: envelope('telemetry', { id, payload: json({ eventType: 'agent.step', payload: { ms: 12.5 } }) }),
  'system-welcome': envelope('system', {
    id,
    timestampMs: 1,
    room: '*',
    payload: json({ event: 'welcome', protocol: '1.0' }),
  }),
  'response-success': envelope('response', { id, requestId: other, status: 'success', payload: json({ pong: true }) }),
  'response-logged': envelope('response', {
    id,
    requestId: other,
    status: 'success',
    payload: json({ seq: 42, epoch: '01J9ZQ4T' }),
  }),
  'error-refused': envelope('error', {
    id,
    requestId: other,
    status: 'error',
    error: 'The request is malformed.',
    errorCode: 'VALIDATION_ERROR',
    payload: json({ errors: [{ field: 'room', problem: 'is not a name' }] }),
  }),
  'error-rate-limited': envelope('error', {
    id,
    status: 'error',
    error: 'Zu viele Anfragen – „langsam“, bitte.',
    errorCode: 'RATE_LIMITED',
    payload: json({ retry_after_ms: 250 }),
  }),
  task: envelope('task', {
    id,
    room: 'lobby',
    channel: 'jobs',
    sender: 'cron',
    payload: json({ job: 'nightly', iteration: 7 }),
  }),
  'name-edges': envelope('event', {
    id: `arq_${'-'.repeat(80)}`,
    room: `R${'.'.repeat(63)}`,
    channel: '0',
    payload: json(1),
  }),
};
