import { expect } from 'vitest';
import type { NatsRelease } from '@arqonbus/testkit';
import { startFaultCluster } from './fault-cluster.ts';
import type { FaultCluster } from './fault-cluster.ts';
import type { FollowedClient } from './followed-client.ts';
import { checkOrder, lastOf, publishNumbers } from './numbered-log.ts';
import type { NumberedLoad } from './numbered-log.ts';

/** Raft finds a new leader within 4 to 9 s; a request that was under way is given up after 5 s. */
export const FAILOVER_TIMEOUT_MS = 30_000;

/** Nothing is trimmed while a test runs: what is missing was lost. */
const profiles = JSON.stringify({
  default: { class: 'history', max_messages: 1_000_000, max_age_ms: 3_600_000, max_bytes: 67_108_864 },
});
const rules = JSON.stringify([{ pattern: '*:*', profile: 'default' }]);

/**
 * A cluster of three NATS servers that keep three copies of everything; the first Shield begins at the first server, the second at the last.
 * With `knowsAll` both know all three, begin anywhere, and leave one that is cut off.
 */
export function startOnThreeNats(natsRelease: NatsRelease, knowsAll = false): Promise<FaultCluster> {
  const env = { ARQONBUS_LOG_RULES: rules, ARQONBUS_LOG_PROFILES: profiles, ARQONBUS_NATS_PING_INTERVAL_MS: '1000' };
  return startFaultCluster(env, '', 'shared', {
    natsNodes: 3,
    natsRelease,
    isDirect: knowsAll,
    envOf: (service, _number, natsUrl): Record<string, string> =>
      service === 'shield' && !knowsAll ? { ARQONBUS_NATS_URL: natsUrl.split(',')[0] ?? '' } : {},
  });
}

/** Who writes to a channel and who reads it, one of each at each Shield. */
export interface Cast {
  readonly writers: readonly FollowedClient[];
  readonly readers: readonly FollowedClient[];
  end(): void;
}

/** A writer and a reader at each of the two Shields. */
export async function gather(bus: FaultCluster, room: string, channel: string): Promise<Cast> {
  const connect = (user: string, shield: number): Promise<FollowedClient> =>
    bus.connect(shield, { user: `${user}-${shield}` });
  const writers = [await connect('writer', 0), await connect('writer', 1)];
  const readers = [await connect('reader', 0), await connect('reader', 1)];
  const all = [...writers, ...readers];
  for (const client of all) await client.must('join_channel', { room, channel });
  return { writers, readers, end: () => all.forEach((client) => client.end()) };
}

/** A fast machine writes more than the log keeps, and leaves tens of thousands to be copied to a server that was cut off. */
const WRITING_PAUSE_MS = 20;

/** Has all write numbers to a channel, at a pace. */
export function startWriting(writers: readonly FollowedClient[], target: string): readonly NumberedLoad[] {
  return writers.map((writer) => publishNumbers(writer, target, WRITING_PAUSE_MS));
}

/** Waits until so many more are acknowledged; gives how long that took. */
export async function more(load: NumberedLoad, count: number, timeout: number = FAILOVER_TIMEOUT_MS): Promise<number> {
  const [before, startedAt] = [load.acknowledged(), performance.now()];
  await expect.poll(load.acknowledged, { timeout, interval: 20 }).toBeGreaterThan(before + count);
  return performance.now() - startedAt;
}

/** Every reader has everything that was acknowledged, once; all have the same, in the same order, and no hole. */
export async function expectOneHistory(
  readers: readonly FollowedClient[],
  acknowledged: readonly ReadonlyMap<number, number>[],
): Promise<void> {
  const seqs = acknowledged.flatMap((one) => [...one.values()]);
  expect(new Set(seqs).size).toBe(seqs.length);
  const last = lastOf(seqs);
  for (const reader of readers) {
    const reached = (): number => Number(reader.events.at(-1)?.['seq']);
    await expect.poll(reached, { timeout: FAILOVER_TIMEOUT_MS }).toBeGreaterThanOrEqual(last);
    expect(reader.systems).toEqual([]);
    checkOrder(reader);
    const heard = new Set(reader.events.map(({ seq }) => Number(seq)));
    expect(seqs.filter((seq) => !heard.has(seq))).toEqual([]);
  }
  const told = readers.map(({ events }) => events.map(({ seq, sender, payload }) => [seq, sender, payload]));
  const shortest = Math.min(...told.map(({ length }) => length));
  for (const one of told.slice(1)) expect(one.slice(0, shortest)).toEqual(told[0]?.slice(0, shortest));
}

/** No stream was given another epoch: everything that was stored is still there. */
export function expectNoOtherEpoch({ brains }: FaultCluster): void {
  const told = brains.flatMap((brain) =>
    brain
      .log()
      .split('\n')
      .filter((line) => line.includes('log_epoch_changed')),
  );
  expect(told).toEqual([]);
}
