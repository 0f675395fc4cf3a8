import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { natsReleases, startNatsCluster } from '@arqonbus/testkit';
import type { NatsCluster } from '@arqonbus/testkit';
import { leaveLeaderless } from './leave-leaderless.ts';
import { createNatsKeyValueStore } from './nats-key-value.ts';
import { connectNats } from './nats-link.ts';
import type { NatsLink } from './nats-link.ts';
import { createNatsSpine } from './nats-spine.ts';

const PATIENCE_MS = 30_000;
// Elections take seconds: once, on the newest; three servers of 2.9 may have no leader for half a minute.
const release = natsReleases().at(-1) ?? 'packaged';

describe.skipIf(release === 'packaged')('a cluster of the newest NATS', () => {
  let cluster: NatsCluster;
  let link: NatsLink;
  let stop: () => void;
  const left: Error[] = [];

  beforeEach(async () => {
    cluster = await startNatsCluster({ release });
    const servers = cluster.nodes.map(({ url }) => url);
    const spine = await createNatsSpine({ servers, name: 'brain' });
    await vi.waitFor(() => createNatsKeyValueStore(spine, { create: { replicas: 3 } }), PATIENCE_MS);
    await spine.close();
    link = await connectNats({ servers, name: 'shield' });
    left.length = 0;
  }, 60_000);

  afterEach(async () => {
    stop();
    await link.close();
    await cluster.stop();
  });

  async function startLooking(): Promise<void> {
    stop = await leaveLeaderless(link, {
      onLeft: (reason) => left.push(reason),
      servers: cluster.nodes.length,
      everyMs: 300,
    });
  }

  /** Waits until so many more have been asked for. */
  async function looks(count: number): Promise<void> {
    const target = link.connection.stats().outMsgs + count;
    await expect.poll(() => link.connection.stats().outMsgs, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(target);
  }

  const place = (): number => cluster.nodes.findIndex(({ port }) => link.connection.getServer().endsWith(`:${port}`));

  it('[SPN-6] R-12: who is at the server that is cut off goes to another, and where nobody leads, ever more slowly', async () => {
    await startLooking();
    await looks(3);
    const before = place();
    cluster.isolate(before);
    await expect.poll(() => link.isConnected && place() !== before, { timeout: PATIENCE_MS }).toBe(true);
    expect(left.map(({ message }) => message)).toEqual([expect.stringContaining('no leader')]);
    await looks(3);

    for (const node of cluster.nodes.keys()) cluster.isolate(node);
    const patience = (): readonly number[] => left.map(({ message }) => Number(/(\d+) looks/.exec(message)?.[1]));
    await expect.poll(() => patience().at(-1), { timeout: PATIENCE_MS, interval: 10 }).toBe(12);
    expect(patience().slice(-4)).toEqual([6, 6, 6, 12]);
  }, 120_000);

  it('[SPN-6] R-12: who has left a server that was only slow for one that is cut off leaves that one, too', async () => {
    await startLooking();
    await looks(3);
    const before = place();
    for (const node of cluster.nodes.keys()) cluster.isolate(node);
    await expect.poll(() => link.isConnected && place() !== before, { timeout: PATIENCE_MS, interval: 10 }).toBe(true);
    const wrong = place();
    cluster.heal();
    cluster.isolate(wrong);
    await expect.poll(() => link.isConnected && place() !== wrong, { timeout: PATIENCE_MS }).toBe(true);
  }, 120_000);

  it('[SPN-6] R-12: who has only just come to a server that is cut off leaves it, too', async () => {
    const before = place();
    cluster.isolate(before);
    await startLooking();
    await expect.poll(() => link.isConnected && place() !== before, { timeout: PATIENCE_MS }).toBe(true);
    await looks(3);
    expect(left).toHaveLength(1);
  }, 120_000);
});
