import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, startChaosProxy, startNatsServer, waitUntil } from '@arqonbus/testkit';
import type { ChaosProxy, NatsServer } from '@arqonbus/testkit';
import { channelKey, tenantPrefix } from '../subjects/keys.ts';
import { channelOut, rpc } from '../subjects/subjects.ts';
import { createNatsKeyValueStore } from './nats-key-value.ts';
import { createNatsSpine } from './nats-spine.ts';
import type { NatsSpine } from './nats-spine.ts';

const tenant = 'acme' as TenantId;
const subject = channelOut(tenant, 'science', 'general');
const method = rpc('channels', 'list');
const unavailable = { code: 'UNAVAILABLE' };
const lateMs = 10_000;
const byte = (value: number): Uint8Array => Uint8Array.of(value);

describe.each(natsReleases())('NATS %s: outages', (release) => {
  let server: NatsServer;
  let proxy: ChaosProxy;
  /** Next to the server: it sees all that the server has got. */
  let near: NatsSpine;
  /** Behind the proxy, with little patience. */
  let far: NatsSpine;
  let states: string[];
  const opened: NatsSpine[] = [];

  beforeEach(async () => {
    server = await startNatsServer({ release, jetstream: true });
    proxy = await startChaosProxy({ targetPort: server.port });
    near = await createNatsSpine({ servers: [server.url], name: 'near' });
    far = await createNatsSpine({
      servers: [`nats://127.0.0.1:${proxy.port}`],
      name: 'far',
      pingIntervalMs: 100,
      reconnectDelayMs: 50,
      closeTimeoutMs: 500,
    });
    states = [];
    far.onStatus((status) => states.push(status));
  });

  afterEach(async () => {
    for (const spine of [...opened.splice(0), far, near]) await spine.close();
    await proxy.stop();
    await server.stop();
  });

  const isDisconnected = (): Promise<void> =>
    vi.waitFor(() => expect(far.status()).toBe('disconnected'), { timeout: lateMs });
  const isConnected = (): Promise<void> =>
    vi.waitFor(() => expect(far.status()).toBe('connected'), { timeout: lateMs });

  it.each([
    ['a half-open link', () => proxy.blackhole()],
    ['a link on which nothing leaves', () => proxy.blackhole('toServer')],
    ['a link on which nothing arrives', () => proxy.blackhole('toClient')],
    ['a cut link', () => proxy.cut()],
  ])('[SPN-4] notices %s, refuses, and serves the same subscriptions after it', async (_what, harm) => {
    const got: number[] = [];
    far.subscribe(subject, ({ data }) => got.push(data[0] ?? -1));
    far.serve(method, () => byte(7));
    near.serve(rpc('channels', 'join'), () => byte(8));
    await far.flush();
    near.publish(subject, byte(1));
    await vi.waitFor(() => expect(got).toEqual([1]));
    harm();
    const flushed = far.flush();
    await expect(flushed).rejects.toMatchObject({ code: 'TIMEOUT' });
    await isDisconnected();
    expect(() => far.publish(subject, byte(2))).toThrow(expect.objectContaining(unavailable));
    expect(() => far.subscribe(subject, () => undefined)).toThrow(expect.objectContaining(unavailable));
    await expect(far.request(method, byte(0), 1_000)).rejects.toMatchObject(unavailable);
    await expect(far.flush()).rejects.toMatchObject(unavailable);
    proxy.heal();
    await isConnected();
    expect(states).toEqual(['disconnected', 'connected']);
    near.publish(subject, byte(3));
    far.publish(subject, byte(4));
    await vi.waitFor(() => expect(new Set(got)).toEqual(new Set([1, 3, 4])));
    expect([...(await near.request(method, byte(0), lateMs))]).toEqual([7]);
    expect([...(await far.request(rpc('channels', 'join'), byte(0), lateMs))]).toEqual([8]);
  });

  it('[SPN-4] an operation of a bucket ends with the connection, not with its time', async () => {
    await createNatsKeyValueStore(near, { create: { replicas: 1 } });
    const bucket = (await createNatsKeyValueStore(far, { timeoutMs: 600_000 })).bucket('ARQON_BRAINS');
    const revision = await bucket.create('b1', byte(1));
    proxy.blackhole();
    const asked = [bucket.get('b1'), bucket.update('b1', byte(2), revision), bucket.list('')];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
    }
    proxy.heal();
    await isConnected();
    expect(await bucket.get('b1')).toMatchObject({ value: byte(1) });
  });

  it('[SPN-6] tells a watcher after a cut what was changed and deleted meanwhile', async () => {
    const store = await createNatsKeyValueStore(near, { create: { replicas: 1 } });
    const bucket = store.bucket('ARQON_CHANNELS');
    const keys = ['changed', 'deleted', 'new'].map((name) => channelKey(tenant, 'science', name));
    const [changed = '', deleted = '', fresh = ''] = keys;
    const revision = await bucket.create(changed, byte(1));
    await bucket.create(deleted, byte(1));
    const seen = new Map<string, number>();
    const watch = (await createNatsKeyValueStore(far))
      .bucket('ARQON_CHANNELS')
      .watch(tenantPrefix(tenant), (change) => {
        if (change.value === undefined) seen.delete(change.key);
        else seen.set(change.key, change.value[0] ?? -1);
      });
    await watch.ready;
    proxy.blackhole();
    await bucket.update(changed, byte(2), revision);
    await bucket.delete(deleted);
    await bucket.create(fresh, byte(3));
    await isDisconnected();
    expect([...seen.keys()].toSorted()).toEqual([changed, deleted]);
    proxy.heal();
    await vi.waitFor(() => expect(Object.fromEntries(seen)).toEqual({ [changed]: 2, [fresh]: 3 }), { timeout: lateMs });
    watch.stop();
  });

  it('[SPN-8] two seconds of standstill: what was flushed arrives, and all in the order of each publisher', async () => {
    const patient = await openPublisher('patient', 5_000);
    const impatient = await openPublisher('impatient', 200);
    const both = [patient, impatient];
    server.suspend();
    const begun = performance.now();
    await Promise.all(both.map((one) => one.publishUntil(() => performance.now() - begun >= 2_000)));
    server.resume();
    await Promise.all(both.map((one) => one.publishUntil(() => one.spine.status() === 'connected')));
    await Promise.all(both.map((one) => one.settled()));
    await Promise.all(both.map((one) => one.publishUntil(() => true)));
    await Promise.all(both.map((one) => one.settled()));
    for (const { got, flushed, published } of both) {
      await vi.waitFor(() => expect(got.at(-1)).toBe(published() - 1), { timeout: lateMs });
      expect(got).toEqual([...new Set(got)].toSorted((a, b) => a - b));
      expect(flushed.filter((number) => !got.includes(number))).toEqual([]);
      expect(flushed).toContain(published() - 1);
    }
    // Who waits loses nothing.
    expect([patient.flushed.length, patient.heard]).toEqual([patient.published(), []]);
    expect(impatient.heard).toEqual(['disconnected', 'connected']);
  });

  /** A Spine that publishes numbers on a channel of its own; `got` is what the server has passed on. */
  const openPublisher = async (name: string, pingIntervalMs: number) => {
    const spine = await createNatsSpine({ servers: [server.url], name, pingIntervalMs, reconnectDelayMs: 50 });
    opened.push(spine);
    const channel = channelOut(tenant, 'science', name);
    const [got, flushed, heard]: [number[], number[], string[]] = [[], [], []];
    const outcomes: Promise<unknown>[] = [];
    let next = 0;
    spine.onStatus((status) => heard.push(status));
    near.subscribe(channel, ({ data }) => got.push(new DataView(data.buffer, data.byteOffset).getUint32(0)));
    await near.flush();
    const publishNext = (): void => {
      const number = next++;
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, number);
      try {
        spine.publish(channel, data);
        const onFlush = (): void => void flushed.push(number);
        outcomes.push(spine.flush().then(onFlush, () => undefined));
      } catch {
        // Refused: it will not arrive, and its publisher knows.
      }
    };
    return {
      spine,
      got,
      flushed,
      heard,
      published: () => next,
      settled: () => Promise.all(outcomes),
      /** Publishes one every few milliseconds, and one at least, until `isOver`. */
      publishUntil: (isOver: () => boolean) => {
        const step = (): boolean => {
          publishNext();
          return isOver();
        };
        return waitUntil(step, { what: 'the end of publishing', timeoutMs: lateMs });
      },
    };
  };
});
