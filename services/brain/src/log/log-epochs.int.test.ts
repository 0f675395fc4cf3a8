import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import {
  LogPlaces,
  createJetStreamChannelLog,
  createLogLayout,
  createLogStreams,
  createNatsKeyValueStore,
  createNatsSpine,
  followGenerations,
} from '@arqonbus/spine';
import type { ChannelLog, NatsSpine } from '@arqonbus/spine';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogKeeper } from './log-keeper.ts';

const HOUR_MS = 3_600_000;
const profile: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 50,
  maxAgeMs: HOUR_MS,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([profile]);
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
const STREAM = 'LOG_default_0';

describe.each(natsReleases())('R-40: a stream that is not the one it was, on NATS, %s', (release) => {
  let folder: string;
  let server: NatsServer;
  let spine: NatsSpine;
  let keeper: LogKeeper;
  let log: ChannelLog;
  let warnings: unknown[];

  const startKeeper = async (): Promise<LogKeeper> => {
    const keyValue = await createNatsKeyValueStore(spine, { create: { replicas: 1 } });
    const made = new LogKeeper({
      streams: await createLogStreams(spine, { replicas: 1, maxBytes: 16_777_216 }),
      layout: () => layout,
      bucket: keyValue.bucket('ARQON_LOG'),
      nowMs: Date.now,
      nextGeneration: randomUUID,
      logger: { warn: ({ reason }) => reason !== undefined && warnings.push(reason) },
    });
    made.own(true);
    return made;
  };
  const appendMany = async (count: number): Promise<string> => {
    const ids = Array.from({ length: count }, () => `arq_${randomUUID()}`);
    const appended = await Promise.all(
      ids.map((id) => log.append({ address, data: new Uint8Array(9), user: 'ada', id })),
    );
    return appended.at(-1)?.epoch ?? '';
  };
  /** What an operator does by hand. */
  const operate = async (verb: 'PURGE' | 'DELETE'): Promise<void> => {
    const answer = await spine.connection.request(`$JS.API.STREAM.${verb}.${STREAM}`);
    expect(answer.json()).toMatchObject({ success: true });
  };
  const epoch = async (): Promise<string> => (await log.position(address)).epoch;
  const takeStore = (name: string): void => cpSync(join(folder, 'store'), join(folder, name), { recursive: true });
  const putStore = (name: string): void => {
    rmSync(join(folder, 'store'), { recursive: true });
    cpSync(join(folder, name), join(folder, 'store'), { recursive: true });
  };
  /** Appends, then more behind the back of a copy of the store, which is put in its place. */
  const restoreOlder = async (): Promise<string> => {
    await appendMany(5);
    await keeper.tick();
    await server.kill();
    takeStore('older');
    await server.restart();
    await vi.waitFor(() => expect(spine.status()).toBe('connected'), 10_000);
    const before = await vi.waitFor(() => appendMany(5), 10_000);
    await server.kill();
    putStore('older');
    await server.restart();
    await vi.waitFor(() => expect(spine.status()).toBe('connected'), 10_000);
    return before;
  };

  beforeEach(async () => {
    warnings = [];
    folder = mkdtempSync(join(tmpdir(), 'arqonbus-restore-'));
    const config = `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`;
    server = await startNatsServer({ release, config });
    spine = await createNatsSpine({ servers: [server.url], name: 'both' });
    keeper = await startKeeper();
    await keeper.tick();
    const keyValue = await createNatsKeyValueStore(spine, { buckets: ['ARQON_LOG'] });
    const generations = followGenerations(keyValue.bucket('ARQON_LOG'));
    await generations.ready;
    log = await createJetStreamChannelLog(spine, {
      places: new LogPlaces(layout),
      generations,
      idKey,
      onRegressed: (...seen) => void keeper.onRegressed(...seen).catch(() => undefined),
    });
  });

  afterEach(async () => {
    await spine.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('[LOG-4] has another epoch once it was purged, and keeps it from then on', async () => {
    const before = await appendMany(5);
    await keeper.tick();
    expect(await epoch()).toBe(before);
    await operate('PURGE');
    await keeper.tick();
    const after = await vi.waitFor(async () => {
      const now = await epoch();
      expect(now).not.toBe(before);
      return now;
    }, 5_000);
    expect(await appendMany(1)).toBe(after);
    await keeper.tick();
    await keeper.tick();
    expect([await epoch(), warnings]).toEqual([after, ['purged']]);
  });

  it('[LOG-4] [LOG-2] has another epoch once it was deleted, is made anew, and gives its sequences again', async () => {
    const before = await appendMany(5);
    await keeper.tick();
    await operate('DELETE');
    await expect(appendMany(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await keeper.tick();
    await keeper.tick();
    const after = await vi.waitFor(async () => {
      const now = await epoch();
      expect(now).not.toBe(before);
      return now;
    }, 5_000);
    expect(await appendMany(1)).toBe(after);
    expect(await log.position(address)).toMatchObject({ lastSeq: 1 });
    expect(warnings).toEqual(['recreated']);
  });

  it('[LOG-4] has another epoch once an older store was put in its place, though the bucket went back with it', async () => {
    const before = await restoreOlder();
    const after = await vi.waitFor(() => appendMany(1), 10_000);
    expect(after).not.toBe(before);
    expect(await log.position(address)).toMatchObject({ lastSeq: 6 });
    expect(warnings).toEqual(['regressed']);
  }, 40_000);

  it('[LOG-4] takes nothing while only a Shield knows that it is older, and tells the Brains, which have begun anew', async () => {
    keeper = await startKeeper();
    const before = await restoreOlder();
    keeper = await startKeeper();
    await expect(appendMany(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const after = await vi.waitFor(() => appendMany(1), 10_000);
    expect(after).not.toBe(before);
    expect(warnings).toEqual(['regressed']);
  }, 40_000);

  it('[LOG-4] keeps its epoch over a crash that loses nothing', async () => {
    const before = await appendMany(5);
    await keeper.tick();
    await server.kill();
    await server.restart();
    await vi.waitFor(() => expect(spine.status()).toBe('connected'), 10_000);
    await vi.waitFor(() => keeper.tick(), 10_000);
    expect(await vi.waitFor(() => appendMany(1), 10_000)).toBe(before);
    expect(warnings).toEqual([]);
  }, 40_000);
});
