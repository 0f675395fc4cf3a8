import type { Envelope } from '@arqonbus/protocol';
import { encodeProtoEnvelope, createEnvelope } from '@arqonbus/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { connectProto, jsonBytes, payloadOf } from './harness/proto-client.ts';
import type { ProtoClient } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;
let json: JsonClient;
let proto: ProtoClient;

const room = 'mixed';
const channel = 'formats';

// Both clients in one channel: what one sends the other receives.
beforeAll(async () => {
  bus = await startBus(roomyLimits);
  json = await bus.connect({ user: 'json' });
  proto = await connectProto({ port: bus.port, token: await bus.token({ user: 'proto' }) });
  await json.must('join_channel', { room, channel });
  await proto.join(room, channel);
});

afterAll(async () => {
  json.end();
  proto.end();
  await bus.stop();
});

function isEvent({ type }: { readonly type: string }): boolean {
  return type === 'event';
}

/** Every field that a client may set, in both spellings. */
const carriedAsJson = {
  schema: 'https://schemas.example.com/order.v3',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  causal_parent_id: 'arq_01HZX5W9ZVQ6X9PC9Z2K4M7T8R',
  vector_clock: { 'node-a': 3, 'node-b': 9_007_199_254_740_991 },
  intent: 'order.confirm – Bestätigung',
  vector: [0.25, -1.5e-7, 3],
  capabilities: ['plan', 'Übersetzen'],
  spectral: { peak: 440, harmonics: [880, 1_320] },
  headers: { 'x-origin': 'checkout/eu-1', 'x-note': 'Grüße' },
};
const signature = Buffer.from('a signature, \u0000 opaque');
const carried: Partial<Envelope> = {
  schema: carriedAsJson.schema,
  traceparent: carriedAsJson.traceparent,
  causalParentId: carriedAsJson.causal_parent_id,
  vectorClock: carriedAsJson.vector_clock,
  intent: carriedAsJson.intent,
  vector: carriedAsJson.vector,
  capabilities: carriedAsJson.capabilities,
  spectral: jsonBytes(carriedAsJson.spectral),
  signature: new Uint8Array(signature),
  headers: carriedAsJson.headers,
};

test('[PRT-11] an envelope of a JSON client reaches a Protobuf client with every field', async () => {
  const id = 'arq_wire-0001';
  const payload = { text: 'Grüße 🚀', list: [1, null, true] };
  const metadata = { order: 17, tenant_id: 'evil' };
  json.send({
    id,
    type: 'message',
    room,
    channel,
    payload,
    metadata,
    ...carriedAsJson,
    signature: signature.toString('base64'),
  });
  const received = await proto.next(isEvent);
  const { vectorClock, headers, spectral, signature: _bytes, ...rest } = carried;
  expect(received).toMatchObject({ ...rest, id, version: '1.0', type: 'event', room, channel, sender: json.clientId });
  expect([{ ...received.vectorClock }, { ...received.headers }]).toEqual([vectorClock, headers]);
  expect(Buffer.from(received.spectral).toString()).toBe(Buffer.from(spectral ?? []).toString());
  expect(Buffer.from(received.signature)).toEqual(signature);
  expect(payloadOf(received)).toEqual(payload);
  expect(JSON.parse(Buffer.from(received.metadata).toString())).toEqual({ order: 17, tenant_id: 'acme' });
  expect(Math.abs(received.timestampMs - Date.now())).toBeLessThan(5_000);
});

test('[PRT-11] an envelope of a Protobuf client reaches a JSON client with every field', async () => {
  const payload = { text: 'Grüße 🚀', list: [1, null, true] };
  const sent = { room, channel, payload: jsonBytes(payload), metadata: jsonBytes({ order: 18 }), ...carried };
  await proto.ask({ id: 'arq_wire-0002', ack: true, ...sent });
  // Where the channel has a log there is a position, too: see the next test.
  const { seq: _seq, prev_seq: _previous, epoch: _epoch, ...received } = await json.nextEvent();
  expect(received).toEqual({
    version: '1.0',
    id: 'arq_wire-0002',
    type: 'event',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    room,
    channel,
    sender: proto.clientId,
    payload,
    metadata: { order: 18, tenant_id: 'acme' },
    ...carriedAsJson,
    signature: signature.toString('base64'),
  });
});

test('[PRT-11] [LOG-3] the position in the log is the same in both formats', async () => {
  json.send({ type: 'event', room, channel, payload: 1 });
  const before = await proto.next(isEvent);
  expect([before.seq > 0, before.epoch.length > 0]).toEqual([true, true]);
  const reply = await proto.ask({ room, channel, payload: jsonBytes(2), ack: true });
  const seq = before.seq + 1;
  expect(payloadOf(reply)).toEqual({ seq, epoch: before.epoch });
  expect(await json.nextEvent()).toMatchObject({ payload: 2, seq, prev_seq: before.seq, epoch: before.epoch });
});

test('[PRT-11] binary payloads are bytes on Protobuf and base64 on JSON, under their content type', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  for (const contentType of ['application/octet-stream', 'image/png', 'text/plain; charset=utf-8']) {
    json.send({ type: 'event', room, channel, content_type: contentType, payload: bytes.toString('base64') });
    const atProto = await proto.next(isEvent);
    expect([atProto.contentType, Buffer.from(atProto.payload)]).toEqual([contentType, bytes]);
    proto.send({ room, channel, contentType, payload: bytes });
    const atJson = await json.nextEvent();
    expect([atJson['content_type'], atJson.payload]).toEqual([contentType, bytes.toString('base64')]);
  }
});

test('[PRT-11] a +json payload is a JSON value in both formats', async () => {
  const contentType = 'application/cloudevents+json';
  json.send({ type: 'event', room, channel, content_type: contentType, payload: { specversion: '1.0' } });
  const atProto = await proto.next(isEvent);
  expect([atProto.contentType, payloadOf(atProto)]).toEqual([contentType, { specversion: '1.0' }]);
  proto.send({ room, channel, contentType, payload: Buffer.from('{"specversion":"1.0"}') });
  expect(await json.nextEvent()).toMatchObject({ content_type: contentType, payload: { specversion: '1.0' } });
});

test.for([
  '{ "a" :\t1.0 ,\r\n "b": [ ] }',
  '123456789012345678901234567890',
  '{"big":9007199254740993,"small":1e-400,"exp":1E+2,"minus":-0.0}',
  String.raw`"\u00e9\/\ud83d\ude80"`,
  'null',
  '""',
])('[PRT-11] the JSON payload %s stays the bytes that it was', async (text) => {
  json.socket.sendText(`{"type":"event","room":"${room}","channel":"${channel}","payload": ${text} }`);
  const atProto = await proto.next(isEvent);
  expect(Buffer.from(atProto.payload).toString()).toBe(text);
  proto.send({ room, channel, payload: Buffer.from(text) });
  const raw = await json.socket.next(({ payload }) => payload.includes('"type":"event"'));
  expect(raw.payload.toString()).toContain(`"payload":${text}`);
});

test('[PRT-8] [PRD-1] unknown fields are dropped, in both formats and on the way to both', async () => {
  const unknown = {
    canary_field: 'canary-1',
    __typename: 'canary-2',
    Room: 'canary-3',
    from: 'canary-4',
    from_client: 'canary-5',
  };
  json.send({ type: 'event', room, channel, payload: 1, ...unknown });
  const atProto = await proto.socket.next(({ payload }) => payload.includes('formats'));
  expect(atProto.payload.toString('latin1')).not.toContain('canary');

  const honest = encodeProtoEnvelope({ ...createEnvelope('event'), room, channel, payload: jsonBytes(2) });
  // Fields 100 (bytes), 101 (varint) and 102 (fixed64), which no version knows.
  const extra = Buffer.concat([
    Buffer.from([0xa2, 0x06, 0x08]),
    Buffer.from('canary-6'),
    Buffer.from([0xa8, 0x06, 0x2a, 0xb1, 0x06]),
    Buffer.alloc(8, 0x63),
  ]);
  const witness = await connectProto({ port: bus.port, token: await bus.token({ user: 'witness' }) });
  await witness.join(room, channel);
  proto.socket.sendBinary(Buffer.concat([extra, honest, extra]));
  const atJson = await json.socket.next(({ payload }) => payload.includes('"type":"event"'));
  const atWitness = await witness.socket.next(({ payload }) => payload.includes('formats'));
  for (const { payload } of [atJson, atWitness]) expect(payload.toString('latin1')).not.toMatch(/canary|cccccccc/);
  expect(JSON.parse(atJson.payload.toString())).toMatchObject({ payload: 2, sender: proto.clientId });
  witness.end();
});

test('[PRT-11] what the server says of a message cannot be said by its sender, in either format', async () => {
  const words = {
    sender: 'root',
    seq: 9,
    prev_seq: 8,
    epoch: 'mine',
    status: 'success',
    error: 'x',
    error_code: 'BANNED',
    request_id: 'arq_forged-1',
  };
  json.send({ type: 'event', room, channel, payload: 1, ...words, timestamp: '2001-01-01T00:00:00.000Z' });
  const atProto = await proto.next(isEvent);
  expect(atProto).toMatchObject({ sender: json.clientId, status: '', error: '', errorCode: '', requestId: '' });
  expect(atProto.epoch).not.toBe('mine');
  expect(JSON.parse(Buffer.from(atProto.metadata).toString())).toEqual({
    tenant_id: 'acme',
    client_timestamp: '2001-01-01T00:00:00.000Z',
  });
  proto.send({
    room,
    channel,
    payload: jsonBytes(2),
    sender: 'root',
    seq: 9,
    prevSeq: 8,
    epoch: 'mine',
    status: 'error',
    requestId: 'x',
  });
  const atJson = await json.nextEvent();
  expect(atJson['sender']).toBe(proto.clientId);
  for (const name of ['status', 'error', 'error_code', 'request_id']) expect(atJson).not.toHaveProperty(name);
  expect(atJson['epoch']).not.toBe('mine');
});

test('[PRT-14] commands, private messages and refusals work alike on Protobuf', async () => {
  const pong = await proto.ask({ type: 'command', command: 'ping' });
  expect([pong.type, pong.status, payloadOf(pong)]).toMatchObject(['response', 'success', { pong: true }]);
  const unknown = await proto.ask({ type: 'command', command: 'launch' });
  expect([unknown.type, unknown.status, unknown.errorCode]).toEqual(['error', 'error', 'UNKNOWN_COMMAND']);
  const refused = await proto.ask({ room: 'not', channel: 'joined', payload: jsonBytes(1), ack: true });
  expect(refused.errorCode).toBe('NOT_SUBSCRIBED');
  const sent = await proto.ask({ type: 'private', to: [json.clientId], payload: jsonBytes({ psst: 1 }), ack: true });
  expect(sent.status).toBe('success');
  expect(await json.next(({ type }) => type === 'private')).toMatchObject({
    sender: proto.clientId,
    payload: { psst: 1 },
  });
});
