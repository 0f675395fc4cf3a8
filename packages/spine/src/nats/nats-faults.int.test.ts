import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { channelKey, tenantPrefix } from '../subjects/keys.ts';
import { channelOut, rpc } from '../subjects/subjects.ts';
import { createNatsKeyValueStore } from './nats-key-value.ts';
import { createNatsSpine } from './nats-spine.ts';
import type { NatsSpine } from './nats-spine.ts';

const tenant = 'acme' as TenantId;
const subject = channelOut(tenant, 'science', 'general');
const unavailable = { code: 'UNAVAILABLE' };
const byte = (value: number): Uint8Array => Uint8Array.of(value);

describe.each(natsReleases())('NATS %s: faults', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;

  beforeEach(async () => {
    server = await startNatsServer({ release, jetstream: true });
    spine = await createNatsSpine({
      servers: [server.url],
      name: 'shield-1',
      reconnectDelayMs: 50,
      maxUnflushedBytes: 1_000_000,
      closeTimeoutMs: 500,
    });
  });

  afterEach(async () => {
    await spine.close();
    await server.stop();
  });

  it('[SPN-4] refuses while NATS is away, and serves the same subscriptions when it is back', async () => {
    const states: string[] = [];
    const got: number[] = [];
    spine.onStatus((status) => states.push(status));
    spine.subscribe(subject, ({ data }) => got.push(data[0] ?? -1));
    spine.serve(rpc('channels', 'list'), () => byte(7));
    spine.publish(subject, byte(1));
    await spine.flush();
    await server.kill();
    await vi.waitFor(() => expect(states).toEqual(['disconnected']));
    expect(() => spine.publish(subject, byte(2))).toThrow(expect.objectContaining(unavailable));
    expect(() => spine.subscribe(subject, () => undefined)).toThrow(expect.objectContaining(unavailable));
    await expect(spine.request(rpc('channels', 'list'), byte(0), 1_000)).rejects.toMatchObject(unavailable);
    await expect(spine.flush()).rejects.toMatchObject(unavailable);
    await server.restart();
    await vi.waitFor(() => expect(states).toEqual(['disconnected', 'connected']), { timeout: 5_000 });
    spine.publish(subject, byte(3));
    expect([...(await spine.request(rpc('channels', 'list'), byte(0), 1_000))]).toEqual([7]);
    await vi.waitFor(() => expect(got).toEqual([1, 3]));
  });

  it('[SPN-8] refuses beyond the unflushed bound while the server is frozen, and goes on after it', async () => {
    const block = new Uint8Array(100_000);
    server.suspend();
    let accepted = 0;
    expect(() => {
      for (;;) {
        spine.publish(subject, block);
        accepted++;
      }
    }).toThrow(expect.objectContaining(unavailable));
    expect(accepted * block.length).toBeLessThanOrEqual(1_100_000);
    await expect(spine.request(rpc('channels', 'list'), byte(0), 100)).rejects.toMatchObject(unavailable);
    const flushed = spine.flush();
    server.resume();
    await flushed;
    expect(() => spine.publish(subject, block)).not.toThrow();
  });

  it('[SPN-8] loses nothing that a flush has acknowledged when the server is restarted under load', async () => {
    const got = new Set<number>();
    const acknowledged: number[] = [];
    const codes = new Set<unknown>();
    spine.subscribe(subject, ({ data }) => got.add(new DataView(data.buffer, data.byteOffset).getUint32(0)));
    let restarted: Promise<void> | undefined;
    for (let i = 0; acknowledged.length < 200 || codes.size === 0; i++) {
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, i);
      try {
        spine.publish(subject, data);
        await spine.flush();
        acknowledged.push(i);
      } catch (error) {
        codes.add((error as { code?: unknown }).code);
        await new Promise(setImmediate);
      }
      if (acknowledged.length === 100) restarted ??= server.restart();
    }
    await restarted;
    await vi.waitFor(() => expect(acknowledged.filter((i) => !got.has(i))).toEqual([]));
    expect(['TIMEOUT', 'UNAVAILABLE']).toEqual(expect.arrayContaining([...codes]));
  });

  it('[SPN-8] writes nothing to NATS inside the turn that publishes', async () => {
    const before = spine.connection.stats().outMsgs;
    for (let i = 0; i < 100; i++) spine.publish(subject, byte(i));
    await Promise.resolve();
    expect(spine.connection.stats().outMsgs).toBe(before);
    await spine.flush();
    expect(spine.connection.stats().outMsgs).toBe(before + 100);
  });

  it('[SPN-6] tells a watcher the true state again after a reconnect', async () => {
    const store = await createNatsKeyValueStore(spine, { create: { replicas: 1 } });
    const bucket = store.bucket('ARQON_CHANNELS');
    const key = channelKey(tenant, 'science', 'general');
    await bucket.create(key, byte(1));
    const told: unknown[] = [];
    const watch = bucket.watch(tenantPrefix(tenant), ({ key: changed, value }) => told.push([changed, value?.[0]]));
    await watch.ready;
    await server.kill();
    await vi.waitFor(() => expect(spine.status()).toBe('disconnected'));
    await expect(bucket.get(key)).rejects.toMatchObject(unavailable);
    await expect(bucket.list('')).rejects.toMatchObject(unavailable);
    await server.restart();
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          [key, 1],
          [key, 1],
        ]),
      { timeout: 8_000 },
    );
    watch.stop();
  });
});
