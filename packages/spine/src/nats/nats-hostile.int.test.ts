import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as openTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect, headers } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import type { SpineMessage } from '../spine.ts';
import { channelKey, tenantPrefix } from '../subjects/keys.ts';
import { channelOut, rpc } from '../subjects/subjects.ts';
import { createNatsKeyValueStore } from './nats-key-value.ts';
import { createNatsSpine } from './nats-spine.ts';
import type { NatsSpine } from './nats-spine.ts';

const tenant = 'acme' as TenantId;
const subject = channelOut(tenant, 'science', 'general');
const method = rpc('channels', 'list');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Headers as no client library writes them. */
const UNREADABLE_HEADERS = [
  'NATS/1.0\r\na name with spaces: x\r\n\r\n',
  'NATS/1.0\r\nNäme: x\r\n\r\n',
  'NATS/1.0\r\n\u0000: x\r\n\r\n',
  'NATS/1.0\r\nFine: x\r\nNats-Sequence: 1\n2\r\n\r\n',
];
/** Odd ones that can be read all the same. */
const ODD_HEADERS = [
  '\r\n\r\n',
  'HTTP/1.1 200\r\n\r\n',
  'NATS/1.0 503\r\n\r\n',
  'NATS/1.0\r\nno colon\r\n: empty\r\n\r\n',
];
const UNREADABLE_POSITIONS = [
  'abc',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  'NaN',
  'Infinity',
  '1 2',
  `${2 ** 60}`,
  '9'.repeat(400),
];

describe.each(natsReleases())('NATS %s: hostile bytes', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;
  let raw: NatsConnection;
  let tcp: Socket;
  let errors: { readonly error: unknown; readonly subject: string }[];
  let states: string[];

  beforeEach(async () => {
    server = await startNatsServer({ release, jetstream: true });
    errors = [];
    states = [];
    const onError = (error: unknown, of: string): void => void errors.push({ error, subject: of });
    spine = await createNatsSpine({ servers: [server.url], name: 'shield-1', onError });
    spine.onStatus((status) => states.push(status));
    raw = await connect({ servers: server.url });
    tcp = openTcp({ port: server.port, host: '127.0.0.1' });
    tcp.write('CONNECT {"headers":true,"verbose":false}\r\n');
  });

  afterEach(async () => {
    const before = [...states];
    tcp.destroy();
    await raw.close();
    await spine.close();
    await server.stop();
    if (before.length > 0) throw new Error(`the connection was lost: ${before.join(', ')}`);
  });

  /** Publishes with a header of any bytes, and waits until the server has it. */
  const publishRaw = async (to: string, header: string, payload = ''): Promise<void> => {
    const head = Buffer.from(header, 'utf8');
    const body = Buffer.from(payload, 'utf8');
    const command = Buffer.from(`HPUB ${to} ${head.length} ${head.length + body.length}\r\n`);
    tcp.write(Buffer.concat([command, head, body, Buffer.from('\r\nPING\r\n')]));
    for (let answer = ''; !answer.includes('PONG');) {
      const [chunk] = (await once(tcp, 'data')) as [Buffer];
      answer += chunk.toString('latin1');
    }
  };
  const listen = async (): Promise<SpineMessage[]> => {
    const got: SpineMessage[] = [];
    spine.subscribe(subject, (message) => got.push(message));
    await spine.flush();
    return got;
  };
  const texts = (got: readonly SpineMessage[]): readonly string[] => got.map(({ data }) => text(data));

  it('[SPN-3] drops and reports what has no readable position, and delivers the next message', async () => {
    const got = await listen();
    for (const name of ['Nats-Sequence', 'Nats-Last-Sequence']) {
      for (const position of UNREADABLE_POSITIONS) {
        const head = headers();
        head.set(name, position);
        raw.publish(subject, 'bad', { headers: head });
      }
    }
    const good = headers();
    good.set('Nats-Sequence', '7');
    good.set('Nats-Last-Sequence', '3');
    raw.publish(subject, 'good', { headers: good });
    await vi.waitFor(() => expect(texts(got)).toEqual(['good']));
    expect(got[0]).toMatchObject({ seq: 7, prevSeq: 3 });
    expect(errors.map((error) => error.subject)).toEqual(Array(2 * UNREADABLE_POSITIONS.length).fill(subject));
  });

  it('[SPN-3] drops and reports what has no readable header, and delivers the next message', async () => {
    const got = await listen();
    for (const header of UNREADABLE_HEADERS) await publishRaw(subject, header, 'bad');
    for (const header of ODD_HEADERS) await publishRaw(subject, header, 'odd');
    spine.publish(subject, bytes('good'));
    await vi.waitFor(() => expect(texts(got).at(-1)).toBe('good'));
    expect(texts(got)).not.toContain('bad');
    expect(got.length + errors.length).toBe(UNREADABLE_HEADERS.length + ODD_HEADERS.length + 1);
    expect(errors.length).toBeGreaterThanOrEqual(UNREADABLE_HEADERS.length);
  });

  it('[SPN-3] hands on payloads of any bytes and sizes as they are', async () => {
    const got = await listen();
    const payloads = [randomBytes(1_048_576), new Uint8Array(0), randomBytes(10), bytes('\u0000\r\nPUB x 1\r\n')];
    for (const payload of payloads) raw.publish(subject, payload);
    await raw.flush();
    await publishRaw(subject, 'NATS/1.0\r\n' + 'X: y\r\n'.repeat(5_000) + '\r\n', 'many headers');
    await vi.waitFor(() => expect(got).toHaveLength(payloads.length + 1));
    expect(payloads.every((payload, i) => Buffer.compare(payload, got[i]?.data ?? bytes('none')) === 0)).toBe(true);
    expect(errors).toEqual([]);
  });

  it('[SPN-3] goes on when another client breaks the rules of the protocol', async () => {
    const got = await listen();
    tcp.on('error', () => undefined).resume();
    tcp.write(`PUB ${subject} 99999999\r\n`);
    await once(tcp, 'close');
    raw.publish(subject, 'good');
    await vi.waitFor(() => expect(texts(got)).toEqual(['good']));
  });

  it('[SPN-5] answers nowhere but in inboxes, and calls no handler for other requests', async () => {
    const served: string[] = [];
    const seen: string[] = [];
    spine.serve(method, (data) => {
      served.push(text(data));
      return bytes('answer');
    });
    raw.subscribe('>', { callback: (_error, message) => void seen.push(message.subject) });
    await spine.flush();
    await raw.flush();
    const replies = [
      subject,
      `${subject}.>`,
      '_INBOX.*',
      '_INBOX.>',
      '*',
      '$JS.API.STREAM.DELETE.KV_ARQON_BANS',
      'a..b',
    ];
    for (const reply of replies) raw.publish(method, 'bad', { reply });
    raw.publish(method, 'without an answer');
    const answer = await raw.request(method, 'good', { timeout: 2_000 });
    expect(answer.string()).toBe('answer');
    expect(served).toEqual(['good']);
    await raw.flush();
    expect(seen.filter((name) => name !== method && !name.startsWith('_INBOX.'))).toEqual([]);
    expect(errors.length).toBe(replies.length);
  });

  it('[SPN-3] drops and reports an answer that it cannot read, and takes the next one', async () => {
    const asked: string[] = [];
    raw.subscribe(method, { callback: (_error, message) => void asked.push(message.reply ?? '') });
    await raw.flush();
    const answer = spine.request(method, bytes('?'), 10_000);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    const [inbox = ''] = asked;
    for (const header of UNREADABLE_HEADERS) await publishRaw(inbox, header);
    await publishRaw(`${inbox}x`, 'NATS/1.0 503\r\n\r\n');
    raw.publish(inbox, 'good');
    expect(text(await answer)).toBe('good');
    raw.publish(inbox, 'too late');
    const got = await listen();
    spine.publish(subject, bytes('still here'));
    await vi.waitFor(() => expect(texts(got)).toEqual(['still here']));
    expect(errors.map((error) => error.subject)).toEqual(UNREADABLE_HEADERS.map(() => method));
  });

  it('[SPN-3] leaves out and reports an entry of a bucket that it cannot read, and goes on watching', async () => {
    const failures: unknown[] = [];
    const store = await createNatsKeyValueStore(spine, {
      create: { replicas: 1 },
      onError: (error) => failures.push(error),
    });
    const bucket = store.bucket('ARQON_CHANNELS');
    const key = (name: string): string => channelKey(tenant, 'science', name);
    const [unreadable = ''] = UNREADABLE_HEADERS;
    await publishRaw(`$KV.ARQON_CHANNELS.${key('before')}`, unreadable, 'bad');
    const told: string[] = [];
    const watch = bucket.watch(tenantPrefix(tenant), (change) => told.push(change.key));
    await watch.ready;
    await publishRaw(`$KV.ARQON_CHANNELS.${key('meanwhile')}`, unreadable, 'bad');
    await bucket.create(key('after'), bytes('good'));
    await vi.waitFor(() => expect(told).toEqual([key('after')]));
    expect(failures).toHaveLength(2);
    expect((await bucket.list('')).map((entry) => entry.key)).toEqual([key('after')]);
    await expect(bucket.get(key('before'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    watch.stop();
  });
});
