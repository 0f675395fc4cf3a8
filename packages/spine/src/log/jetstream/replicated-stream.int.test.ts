import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import { BusError } from '@arqonbus/protocol';
import { natsReleases, startNatsCluster } from '@arqonbus/testkit';
import type { NatsCluster, NatsServer } from '@arqonbus/testkit';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import type { Append, ChannelLog } from '../channel-log.ts';
import { hasBatches } from './batch-reader.ts';
import { canCompare } from './can-compare.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { LogPlaces } from '../placement/log-places.ts';
import { createJetStreamChannelLog } from './jetstream-channel-log.ts';
import { provisionLogStreams } from './log-streams.ts';

const COPIES = 3;
const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 50,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
const layout = createLogLayout([kept]);
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };

/** `stored`, `duplicate`, or the code of the refusal. */
async function outcomeOf(log: ChannelLog, append: Partial<Append> & Pick<Append, 'id'>): Promise<string> {
  try {
    const appended = await log.append({ address, data: new Uint8Array(1), user: 'alice', ...append });
    return appended.duplicate ? 'duplicate' : 'stored';
  } catch (error) {
    return error instanceof BusError ? error.code : String(error);
  }
}

/** What reading gave: anything, or anything that is there. */
const isAnswer = (answer: unknown): boolean => typeof answer !== 'string';
const isFound = (answer: unknown): boolean => Array.isArray(answer) && answer.length > 0;

describe.each(natsReleases())('a stream with three copies, on NATS, %s', (release) => {
  let cluster: NatsCluster;
  let spine: NatsSpine;
  let log: ChannelLog;

  beforeAll(async () => {
    cluster = await startNatsCluster({ release, nodes: COPIES });
    ({ spine, log } = await connect(cluster.nodes));
    // Until the three have found a leader there is nobody to make a stream.
    await vi.waitFor(() => provisionLogStreams(spine, layout, { replicas: COPIES, maxBytes: 16_777_216 }), 25_000);
  }, 40_000);

  /** A log at these servers. */
  async function connect(
    nodes: readonly NatsServer[],
    timeoutMs = 5_000,
  ): Promise<{ spine: NatsSpine; log: ChannelLog }> {
    const at = await createNatsSpine({ servers: nodes.map(({ url }) => url), name: 'shield' });
    const options = { places: new LogPlaces(layout), idKey, timeoutMs };
    return { spine: at, log: await createJetStreamChannelLog(at, options) };
  }

  /** Number of the server that leads the stream. */
  async function leader(): Promise<number> {
    const answer = await spine.connection.request('$JS.API.STREAM.INFO.LOG_default_0', '', { timeout: 5_000 });
    const { cluster: copies } = answer.json<{ readonly cluster: { readonly leader: string } }>();
    return Number(copies.leader.replace('node-', ''));
  }

  afterAll(async () => {
    await spine.close();
    await cluster.stop();
  });

  it('[LOG-17] takes one of many that expect the same sequence, or refuses all where it would take several', async () => {
    const can = canCompare(spine.connection.info?.version ?? '', COPIES);
    const { seq } = await log.append({ address, data: new Uint8Array(1), user: 'alice', id: 'arq_copies-base' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => outcomeOf(log, { id: `arq_copies-${n}`, expectedSeq: seq })),
    );
    const refusals = new Set(outcomes.filter((outcome) => outcome !== 'stored'));
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(can ? 1 : 0);
    // Another one may be on its way to the copies: then nobody knows yet which sequence is the last.
    expect(can ? ['CONFLICT', 'UNAVAILABLE'] : ['FEATURE_DISABLED']).toEqual(expect.arrayContaining([...refusals]));
    expect(await log.read(address, { limit: 50 })).toHaveLength(can ? 2 : 1);
  });

  it('[LOG-17] [LOG-5] knows a repeat from a conflict, as far as it takes conditions', async () => {
    const can = canCompare(spine.connection.info?.version ?? '', COPIES);
    const own = { ...address, channel: 'repeats' };
    const outcomes = [
      await outcomeOf(log, { address: own, id: 'arq_copies-once', expectedSeq: 0 }),
      await outcomeOf(log, { address: own, id: 'arq_copies-since' }),
      await outcomeOf(log, { address: own, id: 'arq_copies-once', expectedSeq: 0 }),
      await outcomeOf(log, { address: own, id: 'arq_copies-late', expectedSeq: 0 }),
    ];
    const refused = 'FEATURE_DISABLED';
    expect(outcomes).toEqual(
      can ? ['stored', 'stored', 'duplicate', 'CONFLICT'] : [refused, 'stored', refused, refused],
    );
  });

  it('[LOG-15] [LOG-18] what was erased at the end of a channel is not waited for, whether something is left or nothing', async () => {
    const own = { ...address, channel: 'erased' };
    const ids = ['arq_erased-1', 'arq_erased-2', 'arq_erased-3'];
    const seqs: number[] = [];
    for (const id of ids)
      seqs.push((await log.append({ address: own, data: new Uint8Array(1), user: 'alice', id })).seq);
    const [first = 0, second = 0, third = 0] = seqs;
    const read = async (): Promise<readonly number[]> =>
      (await log.read(own, { afterSeq: first - 1, limit: 50, knownSeq: third })).map(({ seq }) => seq);
    const erase = (seq: number): Promise<unknown> =>
      spine.connection.request('$JS.API.STREAM.MSG.DELETE.LOG_default_0', JSON.stringify({ seq }), { timeout: 5_000 });
    await Promise.all([erase(second), erase(third)]);
    await vi.waitFor(async () => expect(await read()).toEqual([first]), 10_000);
    await erase(first);
    await vi.waitFor(async () => expect(await read()).toEqual([]), 10_000);
    // What nobody has stored yet is waited for.
    const options = { afterSeq: first - 1, limit: 50, knownSeq: third + 1_000 };
    await expect(log.read(own, options)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const [claimed, { endSeq }] = [third + 1_000, await log.position(own, third + 1_000)];
    expect([endSeq < claimed, await log.isWholeAfter(own, claimed)]).toEqual([true, false]);
  }, 60_000);

  it('[LOG-9] [LOG-18] no end is taken from a leader that was cut off; what it missed is read once the network is whole', async () => {
    const own = { ...address, channel: 'parted' };
    const append = (id: string): Promise<number> =>
      log.append({ address: own, data: new Uint8Array(1), user: 'alice', id }).then(({ seq }) => seq);
    const before = await append('arq_parted-before');
    const led = await leader();
    const [, others] = await Promise.all([spine.close(), connect(cluster.nodes.filter((_, node) => node !== led))]);
    const stale = await connect([cluster.nodes[led] as NatsServer], 1_000);
    [spine, log] = [others.spine, others.log];
    const read = async (knownSeq: number): Promise<readonly number[] | string> =>
      stale.log.read(own, { afterSeq: before, limit: 50, knownSeq }).then(
        (entries) => entries.map(({ seq }) => seq),
        (error: unknown) => (error instanceof BusError ? error.code : String(error)),
      );
    expect(await read(before)).toEqual([]);
    cluster.isolate(led);
    // The others may store what it does not hear of, while it leads on.
    const during = await read(before + 1);
    const stored = await vi.waitFor(() => append('arq_parted-after'), 30_000);
    cluster.heal();
    const answers = [await read(stored)];
    // Two leaders that answer in turn are not told apart without batches.
    const isEnd = hasBatches(spine.connection.info?.version ?? '') ? isAnswer : isFound;
    const until = performance.now() + 30_000;
    while (!isEnd(answers.at(-1)) && performance.now() < until) answers.push(await read(stored));
    await stale.spine.close();
    expect(during).toBe('UNAVAILABLE');
    expect(answers.at(-1)).toEqual([stored]);
  }, 90_000);
});
