import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import type { ListenerName } from './harness/both-listeners.ts';
import type { Frame } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';

const busOn = busOnEach(roomyLimits);

/** What an exception or a path of the server would look like. */
const INSIDES = /\bat .+:\d+|Error:|Exception|undefined is|node:|\.(ts|js|mjs)\b|\/src\//;

/** The one error frame that a text gets, on a connection that is as good as before afterwards. */
async function refusalOf(listener: ListenerName, text: string): Promise<Frame> {
  const client = await busOn(listener).connect();
  client.socket.sendText(text);
  const refusal = await client.next(({ type }) => type !== 'system');
  expect(refusal).toMatchObject({ type: 'error', status: 'error', error: expect.any(String) });
  expect(JSON.stringify(refusal)).not.toMatch(INSIDES);
  const pong = await client.must('ping');
  expect([pong['pong'], client.socket.pending()]).toEqual([true, 0]);
  client.end();
  return refusal;
}

function fieldsOf(refusal: Frame): string[] {
  const { errors = [] } = refusal.payload as { errors?: { field: string; problem: string }[] };
  for (const { problem } of errors) expect(problem).toMatch(/\w/);
  return errors.map(({ field }) => field);
}

const event = (rest: string): string => `{"id":"arq_bad-000001","type":"event","room":"a:b",${rest}}`;
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const manyKeys = (count: number): string => `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`;
const manyItems = (count: number): string => `[${Array.from({ length: count }, () => '0').join(',')}]`;

const notMessages: readonly (readonly [string, string, readonly string[]])[] = [
  ['plain text', 'hello', ['']],
  ['an empty frame', '', ['']],
  ['an array', '[]', ['']],
  ['a string', '"event"', ['']],
  ['null', 'null', ['']],
  ['a number', '1', ['']],
  ['half a frame', '{"type":"event","room":"a', ['room']],
  ['two frames in one', '{"type":"event"}{"type":"event"}', ['']],
  ['a comma too many', '{"type":"event",}', ['']],
  ['a comment', '{"type":"event"/* hi */}', ['']],
  ['single quotes', "{'type':'event'}", ['']],
  ['NaN', event('"payload":NaN'), ['payload']],
  ['a number beyond a double', event('"payload":{"n":1e400}'), ['payload.n']],
  ['a lone surrogate', event(String.raw`"payload":"\ud800"`), ['payload']],
  ['a raw control character', event('"payload":"a\u0001b"'), ['payload']],
  ['a key given twice', event('"payload":{"a":1,"a":2}'), ['payload.a']],
  ['a key given twice, escaped', event(String.raw`"payload":{"a":1,"\u0061":2}`), ['payload.a']],
  ['an envelope field given twice', String.raw`{"type":"event","t\u0079pe":"command"}`, ['type']],
  ['__proto__ in the envelope', '{"type":"event","__proto__":{"ack":true}}', ['__proto__']],
  [
    '__proto__ deep in a payload',
    event('"payload":[{"a":{"__proto__":{"role":"admin"}}}]'),
    ['payload[0].a.__proto__'],
  ],
  ['__proto__, escaped', event(String.raw`"payload":{"\u005f_proto__":1}`), ['payload.__proto__']],
  ['constructor in args', '{"type":"command","command":"ping","args":{"constructor":{}}}', ['args.constructor']],
  ['prototype in metadata', event('"metadata":{"a":{"prototype":1}}'), ['metadata.a.prototype']],
  ['constructor in the envelope', '{"type":"event","constructor":1}', ['constructor']],
  ['33 levels', event(`"payload":${nested(32)}`), ['payload[0][0][0][0][0][0][0]']],
  ['10,000 levels', event(`"payload":${nested(10_000)}`), ['payload[0][0][0][0][0][0][0]']],
  ['10,000 levels outside', nested(10_000), ['']],
  ['1,025 keys', event(`"payload":${manyKeys(1_025)}`), ['payload']],
  ['10,001 items', event(`"payload":${manyItems(10_001)}`), ['payload']],
];

test.for(listeners)(
  '[PRT-8] [PRT-10] what is no message is one VALIDATION_ERROR that names the field (%s)',
  async (listener) => {
    for (const [title, text, fields] of notMessages) {
      const refusal = await refusalOf(listener, text);
      expect([title, refusal.error_code]).toEqual([title, 'VALIDATION_ERROR']);
      const [told = 'none'] = fieldsOf(refusal);
      // Where exactly a scan stopped inside a deep value is not promised; which member it was in is.
      expect([title, told.slice(0, fields[0]?.length)]).toEqual([title, fields[0]]);
      const id = text.includes('arq_bad-000001') ? 'arq_bad-000001' : undefined;
      expect([title, refusal.request_id]).toEqual([title, id]);
    }
  },
);

test.for(listeners)('[PRT-8] what only looks dangerous inside a payload is honest data (%s)', async (listener) => {
  const client = await busOn(listener).connect();
  await client.must('join_channel', { room: 'honest', channel: 'data', echo: true });
  const payloads = [
    '{"constructor":{"prototype":{"x":1}},"hasOwnProperty":1,"toString":null}',
    nested(31),
    manyKeys(1_024),
    manyItems(10_000),
  ];
  for (const payload of payloads) {
    client.socket.sendText(`{"type":"event","room":"honest:data","payload":${payload}}`);
    const { payload: received } = await client.next(({ type }) => type === 'event' || type === 'error');
    expect(received).toEqual(JSON.parse(payload));
  }
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  client.end();
});

test.for(listeners)('[PRT-10] every field of a wrong type is named (%s)', async (listener) => {
  const wrong = {
    id: 'arq_bad-000002',
    version: 1,
    room: 5,
    channel: {},
    to: 7,
    ack: 'yes',
    content_type: [],
    metadata: [],
    args: 'x',
    timestamp: 'yesterday',
    vector: ['a'],
    capabilities: [1],
    vector_clock: { a: '1' },
    headers: { a: 1 },
    signature: '***',
    spectral: 3,
  };
  const refusal = await refusalOf(listener, JSON.stringify({ type: 'event', ...wrong }));
  expect(refusal).toMatchObject({ error_code: 'VALIDATION_ERROR', request_id: 'arq_bad-000002' });
  const { id: _valid, ...others } = wrong;
  expect(fieldsOf(refusal).toSorted()).toEqual(Object.keys(others).toSorted());
});

test.for(listeners)('[PRT-10] values that break their rule are refused (%s)', async (listener) => {
  const cases: readonly (readonly [object, string, string])[] = [
    [{ type: 'event', id: 'short' }, 'id', 'VALIDATION_ERROR'],
    [{ type: 'event', id: `arq_${'a'.repeat(81)}` }, 'id', 'VALIDATION_ERROR'],
    [{ room: 'a:b' }, 'type', 'VALIDATION_ERROR'],
    [{ type: 'shout', id: 'arq_bad-000003' }, 'type', 'UNKNOWN_TYPE'],
    [{ type: '__proto__' }, 'type', 'UNKNOWN_TYPE'],
    [{ type: 'system', payload: { event: 'going_away' } }, 'type', 'UNKNOWN_TYPE'],
    [{ type: 'response', status: 'success' }, 'type', 'UNKNOWN_TYPE'],
    [{ type: 'error', error_code: 'BANNED' }, 'type', 'UNKNOWN_TYPE'],
    [{ type: 'task' }, 'type', 'UNKNOWN_TYPE'],
    [{ type: 'event', version: '2.0' }, 'version', 'UNSUPPORTED_VERSION'],
    [{ type: 'event', version: '1.' }, 'version', 'UNSUPPORTED_VERSION'],
    [{ type: 'command' }, 'command', 'VALIDATION_ERROR'],
    [{ type: 'private', payload: 1 }, 'to', 'VALIDATION_ERROR'],
    [{ type: 'event', payload: 1 }, 'room', 'VALIDATION_ERROR'],
    [{ type: 'event', room: 'a:b', channel: 'c' }, 'channel', 'VALIDATION_ERROR'],
    [{ type: 'event', room: '*' }, 'room', 'VALIDATION_ERROR'],
    [{ type: 'event', room: 'a:b', traceparent: '00-x' }, 'traceparent', 'VALIDATION_ERROR'],
    [{ type: 'event', room: 'a:b', vector_clock: { a: -1 } }, 'vector_clock', 'VALIDATION_ERROR'],
    [{ type: 'event', room: 'a:b', vector_clock: { a: 2 ** 53 } }, 'vector_clock', 'VALIDATION_ERROR'],
    [
      { type: 'event', room: 'a:b', content_type: 'image/png', payload: { not: 'base64' } },
      'payload',
      'VALIDATION_ERROR',
    ],
    [{ type: 'telemetry', payload: { no: 'eventType' } }, 'payload.eventType', 'VALIDATION_ERROR'],
  ];
  for (const [frame, field, code] of cases) {
    const refusal = await refusalOf(listener, JSON.stringify(frame));
    expect([frame, refusal.error_code, fieldsOf(refusal)]).toEqual([frame, code, [field]]);
  }
  const client = await busOn(listener).connect();
  expect(await client.command('launch_missiles')).toMatchObject({ error_code: 'UNKNOWN_COMMAND' });
  expect(await client.command('toString')).toMatchObject({ error_code: 'UNKNOWN_COMMAND' });
  expect(await client.command('ping', {})).toMatchObject({ status: 'success' });
  expect(await client.publish('', 1, { type: 'command', command: 'ping', version: '1.7' })).toMatchObject({
    status: 'success',
  });
  client.end();
});

const hostileNames = [
  'a.b.*.>',
  '*.>',
  '>',
  '..',
  '.',
  '.hidden',
  '-rf',
  '_private',
  'a b',
  'a\u0000b',
  'a\r\nb',
  'a\tb',
  'a/b',
  '../../etc/passwd',
  '%2e%2e',
  'sсience', // Cyrillic
  'ｓcience', // full width
  'science\u200b',
  'sciencé',
  'a'.repeat(65),
  'a'.repeat(10_000),
  '__proto__',
  '$JS.API',
  '{a}',
  "a';DROP TABLE rooms;--",
];

test.for(listeners)('[PRT-8] [SPN-7] hostile names are refused wherever a name may stand (%s)', async (listener) => {
  const bus = busOn(listener);
  const mod = await bus.connect({ user: 'mod', role: 'moderator' });
  let badFrames = 0;
  let client = await bus.connect();
  for (const name of hostileNames) {
    for (const frame of [
      { room: name, channel: 'b' },
      { room: 'a', channel: name },
      { room: `${name}:b` },
      { room: `a:${name}` },
    ]) {
      const refusal = await client.publish('', 1, frame);
      expect([frame, refusal.error_code]).toEqual([frame, 'VALIDATION_ERROR']);
      expect(['room', 'channel']).toContain(fieldsOf(refusal)[0]);
      badFrames += 1;
      if (badFrames % 9 > 0) continue;
      client.end();
      client = await bus.connect();
    }
    for (const command of ['join_channel', 'create_channel', 'channel_info', 'history']) {
      for (const args of [
        { room: name, channel: 'b' },
        { room: 'a', channel: name },
      ]) {
        const refusal = await mod.command(command, args);
        expect([command, args, refusal.error_code]).toEqual([command, args, 'VALIDATION_ERROR']);
        expect(fieldsOf(refusal)[0]).toMatch(/^args\.(room|channel)$/);
      }
    }
  }
  const { rooms } = await mod.must('list_rooms');
  for (const { room } of rooms as { room: string }[]) expect(room).toMatch(/^[a-z]+$/);
  for (const each of [client, mod]) each.end();
});

test.for(listeners)(
  '[PRT-10] the tenth bad frame within a minute closes 4400, the ninth does not (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const client = await bus.connect();
    for (let n = 1; n <= 9; n++) client.socket.sendText('}{');
    for (let n = 1; n <= 9; n++) expect(await client.nextError()).toMatchObject({ error_code: 'VALIDATION_ERROR' });
    expect(await client.must('ping')).toMatchObject({ pong: true });
    client.socket.sendText('}{');
    expect(await client.nextError()).toMatchObject({ error_code: 'VALIDATION_ERROR' });
    expect((await client.closed()).code).toBe(4400);
    await expect.poll(() => bus.metric('arqonbus_connections_closed_total{code="4400"}')).toBeGreaterThanOrEqual(1);
  },
);
