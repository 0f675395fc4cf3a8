import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EraseFilter, LogProfile, TenantId } from '@arqonbus/protocol';
import { EraseFilterSchema, create } from '@arqonbus/protocol/spine-messages';
import {
  LogPlaces,
  createJetStreamChannelLog,
  createJetStreamLogEraser,
  createLogLayout,
  createLogStreams,
  createNatsKeyValueStore,
  createNatsSpine,
  followErasures,
  followGenerations,
} from '@arqonbus/spine';
import type { ChannelLog, KeyValue, NatsSpine } from '@arqonbus/spine';
import { createMemoryArchiveStore } from '@arqonbus/storage';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuditRig } from '../audit/audit-rig.ts';
import { LogKeeper } from '../log/log-keeper.ts';
import { beginErasing, endErasing } from '../log/stream-erasing.ts';
import { createErasureRecords } from './erasure-records.ts';
import { Erasures } from './erasures.ts';

const profile: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 50,
  maxAgeMs: 3_600_000,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([profile]);
const acme = 'acme.eu' as TenantId;
const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
const STREAM = 'LOG_default_0';
const CANARY = 'canary-4f9d2b';

describe.each(natsReleases())('erasing from the streams of the log, on NATS, %s', (release) => {
  let folder: string;
  let server: NatsServer;
  let spine: NatsSpine;
  let bucket: KeyValue;
  let keeper: LogKeeper;
  let log: ChannelLog;
  let places: LogPlaces;
  let warnings: unknown[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'erasing-'));
    const config = `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`;
    server = await startNatsServer({ release, config });
    spine = await createNatsSpine({ servers: [server.url], name: 'both' });
    bucket = (await createNatsKeyValueStore(spine, { create: { replicas: 1 } })).bucket('ARQON_LOG');
    warnings = [];
    keeper = await startKeeper();
    await keeper.tick();
    places = new LogPlaces(layout);
    const generations = followGenerations(bucket);
    await generations.ready;
    log = await createJetStreamChannelLog(spine, { places, generations, erasures: followErasures(bucket), idKey });
  });
  afterEach(async () => {
    await spine.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const startKeeper = async (): Promise<LogKeeper> => {
    const made = new LogKeeper({
      streams: await createLogStreams(spine, { replicas: 1, maxBytes: 16_777_216 }),
      layout: () => layout,
      bucket,
      nowMs: Date.now,
      nextGeneration: randomUUID,
      logger: { warn: ({ reason }) => reason !== undefined && warnings.push(reason) },
    });
    made.own(true);
    return made;
  };
  const rig = createAuditRig();
  /** A Brain that erases; `onStep` runs between the streams' word and their loss. */
  const startErasures = async (onBegun: () => Promise<void> = async () => undefined): Promise<Erasures> => {
    const streams = await createLogStreams(spine, { replicas: 1, maxBytes: 16_777_216 });
    const told = { bucket, streams, nowMs: Date.now };
    const erasures = new Erasures({
      eraser: await createJetStreamLogEraser(spine, { places }),
      archive: createMemoryArchiveStore(),
      archiveNow: async () => undefined,
      beginErasing: async (erasing) => {
        await beginErasing(told, erasing);
        await onBegun();
      },
      endErasing: (erasing) => endErasing(told, erasing),
      records: createErasureRecords(bucket),
      audit: rig.audit,
      nextId: () => `e_${randomUUID()}`,
      onError: () => undefined,
    });
    erasures.own(true);
    return erasures;
  };
  const erase = async (erasures: Erasures, what: EraseFilter, tenant = acme): Promise<unknown> => {
    const { beforeMs, ...names } = what;
    const wire = { ...names, ...(beforeMs === undefined ? {} : { beforeMs: BigInt(beforeMs) }) };
    const asked = { what: create(EraseFilterSchema, wire), requestedBy: 'root', traceId: '' };
    const { erased, isDone } = await erasures.ask(tenant, await erasures.begin(tenant, asked), 10_000);
    return isDone ? erased : 'it takes too long';
  };
  const append = async (user: string, tenant = acme): Promise<{ readonly seq: number; readonly epoch: string }> => {
    const address = { tenant, room: 'science', channel: 'general' };
    const data = new TextEncoder().encode(`${CANARY} of ${user}`);
    return log.append({ address, data, user, id: `arq_${randomUUID()}` });
  };
  /** What an operator does by hand. */
  const operate = async (verb: string, body: object = {}): Promise<object> =>
    (await spine.connection.request(`$JS.API.${verb}`, JSON.stringify(body))).json<object>();
  const stored = (): string =>
    readdirSync(join(folder, 'store'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
      .join('\n');

  it('[LOG-15] [LOG-4] overwrites what is erased, and leaves epochs and positions of all as they are', async () => {
    const address = { tenant: acme, room: 'science', channel: 'general' };
    const [one, two] = [await append('eve'), await append('eve')];
    const foreign = await append('eve', 'globex' as TenantId);
    const left = await append('ada');
    await keeper.tick();
    expect(stored()).toContain(`${CANARY} of eve`);
    expect(await erase(await startErasures(() => keeper.tick()), { user: 'eve' })).toBe(2);
    await keeper.tick();
    expect(stored().split(`${CANARY} of eve`)).toHaveLength(2);
    // The stream begins later by now; who was in it before has missed nothing all the same, whatever the tenant.
    await vi.waitFor(async () => expect(await log.isWholeAfter(address, one.seq)).toBe(true));
    expect(await log.read(address, { afterSeq: one.seq, limit: 9 })).toMatchObject([
      { seq: left.seq, prevSeq: one.seq },
    ]);
    expect(await log.isWholeAfter({ ...address, tenant: 'globex' as TenantId }, two.seq)).toBe(true);
    expect((await append('ada')).epoch).toBe(foreign.epoch);
    expect(warnings).toEqual([]);
    await operate(`STREAM.PURGE.${STREAM}`);
    await keeper.tick();
    expect(warnings).toEqual(['purged']);
  });

  it('[LOG-15] [LOG-4] is ended by the next Brain, where one has crashed in the middle', async () => {
    await append('eve');
    const { epoch } = await append('ada');
    await keeper.tick();
    const crashed = await startErasures(async () => {
      await operate(`STREAM.MSG.DELETE.${STREAM}`, { seq: 1 });
      throw new Error('the Brain is gone');
    });
    await expect(erase(crashed, { user: 'eve' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    keeper = await startKeeper();
    await keeper.tick();
    const next = await startErasures();
    await next.tick();
    await keeper.tick();
    expect([next.pending(), warnings, (await append('ada')).epoch]).toEqual([0, [], epoch]);
    expect(rig.counts().recorded.at(-1)).toBe('done');
    await operate(`STREAM.PURGE.${STREAM}`);
    await keeper.tick();
    expect(warnings).toEqual(['purged']);
  });

  it('[LOG-15] erases what lies in streams of earlier layouts, too', async () => {
    const { seq } = await append('eve');
    places.take([
      { ...layout, generation: 1 },
      { ...createLogLayout([profile], [], { dedicated: [acme] }), generation: 2 },
    ]);
    expect(await erase(await startErasures(), { room: 'science' })).toBe(1);
    expect(await operate(`STREAM.MSG.GET.${STREAM}`, { seq })).toMatchObject({ error: { code: 404 } });
  });

  it('[LOG-15] begins nothing where a stream of an earlier release cannot give up messages', async () => {
    const { config } = (await operate(`STREAM.INFO.${STREAM}`)) as { readonly config: object };
    await operate(`STREAM.DELETE.${STREAM}`);
    await operate(`STREAM.CREATE.${STREAM}`, { ...config, deny_delete: true });
    await (await startKeeper()).tick();
    await vi.waitFor(() => append('eve'), 5_000);
    const recorded = rig.counts().recorded.length;
    await expect(erase(await startErasures(), { user: 'eve' })).rejects.toMatchObject({ code: 'FEATURE_DISABLED' });
    expect(rig.counts().recorded).toHaveLength(recorded);
    // Where there is nothing to erase, nothing is in the way.
    expect(await erase(await startErasures(), { user: 'eve' }, 'globex' as TenantId)).toBe(0);
  });
});
