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
    stop = await leaveLeaderless(link, { onLeft: (reason) => left.push(reason), everyMs: 300 });
  }

  /** Waits until so many more have been asked for. */
  async function looks(count: number): Promise<void> {
    const target = link.connection.stats().outMsgs + count;
    await expect.poll(() => link.connection.stats().outMsgs, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(target);
  }

  const place = (): number => cluster.nodes.findIndex(({ port }) => link.connection.getServer().endsWith(`:${port}`));

  it('[SPN-6] R-12: who is at the server that is cut off goes to another, and where nobody leads, no further', async () => {
    await startLooking();
    await looks(3);
    const before = place();
    cluster.isolate(before);
    await expect.poll(() => link.isConnected && place() !== before, { timeout: PATIENCE_MS }).toBe(true);
    expect(left.map(({ message }) => message)).toEqual([expect.stringContaining('no leader')]);
    await looks(3);

    for (const node of cluster.nodes.keys()) cluster.isolate(node);
    await expect.poll(() => left.length, { timeout: PATIENCE_MS }).toBe(2);
    await looks(20);
    expect(left).toHaveLength(2);
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
