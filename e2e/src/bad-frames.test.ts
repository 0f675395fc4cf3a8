import { encodeProtoEnvelope, createEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { opcodes } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import type { ListenerName } from './harness/both-listeners.ts';
import { connectProto, jsonBytes, payloadOf } from './harness/proto-client.ts';
import type { ProtoClient } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';

const busOn = busOnEach(roomyLimits);

async function connectBinary(listener: ListenerName): Promise<ProtoClient> {
  const bus = busOn(listener);
  return connectProto({ port: bus.port, token: await bus.token() });
}

/** PRT-28: the native server may answer what its engine refuses with a plain end of the connection. */
function engineCodes(listener: ListenerName, code: number): readonly number[] {
  return listener === 'uws' ? [code, 1006] : [code];
}

test.for(listeners)(
  '[PRT-9] P-22: a binary frame on JSON and a text frame on Protobuf close 1003 (%s)',
  async (listener) => {
    const json = await busOn(listener).connect();
    json.socket.sendBinary(Buffer.from('{"type":"command","command":"ping"}'));
    expect((await json.closed()).code).toBe(1003);
    const proto = await connectBinary(listener);
    proto.socket.sendText('{"type":"command","command":"ping"}');
    expect((await proto.socket.closed()).code).toBe(1003);
  },
);

test.for(listeners)(
  '[PRT-23] [P-02] a frame over the limit closes 1009, on its header alone (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const whole = await bus.connect();
    whole.socket.sendText(`{"type":"event","room":"a:b","payload":"${'x'.repeat(2 * 1_048_576)}"}`);
    expect(engineCodes(listener, 1009)).toContain((await whole.closed()).code);

    const claimed = await bus.connect();
    claimed.socket.sendFrame(opcodes.text, '{"type"', { claimedLength: 1_000_000_000 });
    expect(engineCodes(listener, 1009)).toContain((await claimed.closed()).code);

    const justOver = await bus.connect();
    justOver.socket.sendText('x'.repeat(65_537));
    expect(engineCodes(listener, 1009)).toContain((await justOver.closed()).code);

    const fits = await bus.connect();
    await fits.must('join_channel', { room: 'large', channel: 'frames', echo: true });
    const rest = 65_536 - '{"type":"event","room":"large:frames","payload":""}'.length;
    fits.socket.sendText(`{"type":"event","room":"large:frames","payload":"${'x'.repeat(rest)}"}`);
    expect((await fits.nextEvent()).payload).toHaveLength(rest);
    fits.end();
  },
);

test.for(listeners)('[PRT-28] [P-18] invalid UTF-8 in a text frame ends the connection (%s)', async (listener) => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const client = await busOn(listener).connect();
    client.socket.sendFrame(opcodes.text, Buffer.from([0x22, ...bytes, 0x22]));
    expect(engineCodes(listener, 1007)).toContain((await client.closed()).code);
  }
});

function encode(envelope: Partial<Envelope>): Uint8Array {
  return encodeProtoEnvelope({ ...createEnvelope('event'), ...envelope });
}

const valid = encode({ id: 'arq_bad-proto-1', type: 'command', command: 'ping' });

const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['JSON', Buffer.from('{"type":"command","command":"ping"}')],
  ['a cut-off field', valid.subarray(0, -2)],
  ['a cut-off varint', Buffer.of(0x18, 0x80)],
  ['a varint of eleven bytes', Buffer.concat([Buffer.of(0x18), Buffer.alloc(10, 0xff), Buffer.of(1)])],
  ['a length beyond the frame', Buffer.of(0x0a, 0xff, 0xff, 0x03, 0x41)],
  ['a negative length', Buffer.concat([Buffer.of(0x0a), Buffer.alloc(9, 0xff), Buffer.of(1)])],
  ['field number 0', Buffer.of(0x02, 0x01, 0x41)],
  ['a wrong wire type', Buffer.of(0x10, 0x05)],
  ['a group', Buffer.of(0x0b, 0x0c)],
  ['an unknown wire type', Buffer.of(0x0f)],
  ['text that is no UTF-8', Buffer.of(0x0a, 0x02, 0xc3, 0x28)],
  ['a map entry that ends too early', Buffer.concat([valid, Buffer.of(0xca, 0x01, 0x03, 0x0a, 0x05, 0x41)])],
];

test.for(listeners)('[PRT-10] [P-19] malformed Protobuf is one VALIDATION_ERROR (%s)', async (listener) => {
  for (const [title, bytes] of malformed) {
    const client = await connectBinary(listener);
    client.socket.sendBinary(bytes);
    const refusal = await client.next(({ type }) => type === 'error');
    expect([title, refusal.errorCode]).toEqual([title, 'VALIDATION_ERROR']);
    expect([title, payloadOf(refusal)]).toEqual([
      title,
      { errors: [{ field: expect.any(String), problem: expect.any(String) }] },
    ]);
    const pong = await client.ask({ type: 'command', command: 'ping' });
    expect([title, pong.status, client.socket.pending()]).toEqual([title, 'success', 0]);
    client.end();
  }
});

const brokenRules: readonly (readonly [string, Partial<Envelope> & object, string, string])[] = [
  ['no room', { type: 'event', payload: jsonBytes(1) }, 'room', 'VALIDATION_ERROR'],
  ['a system message', { type: 'system' }, 'type', 'UNKNOWN_TYPE'],
  ['another major version', { version: '2.0' }, 'version', 'UNSUPPORTED_VERSION'],
  ['a subject as name', { room: 'a.b.*.>', channel: 'c' }, 'room', 'VALIDATION_ERROR'],
  ['NUL in a name', { room: 'a\u0000b', channel: 'c' }, 'room', 'VALIDATION_ERROR'],
  ['a payload that is no JSON', { room: 'a', channel: 'b', payload: Buffer.from('{') }, 'payload', 'VALIDATION_ERROR'],
  ['a payload of two values', { room: 'a', channel: 'b', payload: Buffer.from('1 2') }, 'payload', 'VALIDATION_ERROR'],
  [
    '__proto__',
    { room: 'a', channel: 'b', payload: Buffer.from('{"__proto__":1}') },
    'payload.__proto__',
    'VALIDATION_ERROR',
  ],
  ['depth', { room: 'a', channel: 'b', payload: Buffer.from('['.repeat(10_000)) }, 'payload', 'VALIDATION_ERROR'],
  ['args that are a list', { type: 'command', command: 'ping', args: Buffer.from('[]') }, 'args', 'VALIDATION_ERROR'],
  [
    'metadata with a prototype',
    { room: 'a', channel: 'b', metadata: Buffer.from('{"prototype":1}') },
    'metadata.prototype',
    'VALIDATION_ERROR',
  ],
  ['a long signature', { room: 'a', channel: 'b', signature: new Uint8Array(257) }, 'signature', 'VALIDATION_ERROR'],
];

test.for(listeners)('[PRT-10] [PRT-11] Protobuf answers to the same rules as JSON (%s)', async (listener) => {
  for (const [title, envelope, field, code] of brokenRules) {
    const client = await connectBinary(listener);
    const refusal = await client.ask(envelope);
    expect([title, refusal.type, refusal.errorCode]).toEqual([title, 'error', code]);
    const { errors } = payloadOf(refusal) as { errors: { field: string }[] };
    expect([title, errors[0]?.field.slice(0, field.length)]).toEqual([title, field]);
    expect((await client.ask({ type: 'command', command: 'ping' })).status).toBe('success');
    client.end();
  }
});

test.for(listeners)('[PRT-10] the tenth bad binary frame closes 4400 (%s)', async (listener) => {
  const client = await connectBinary(listener);
  for (let n = 0; n < 10; n++) client.socket.sendBinary(Buffer.of(0x0f));
  expect((await client.socket.closed()).code).toBe(4400);
  expect(client.socket.pending()).toBe(11);
});
