import { expect, test } from 'vitest';
import { drilledCluster, untilBrainsWork } from './harness/brain-drill.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { viewOfPresence } from './harness/presence-view.ts';
import { report } from './harness/report.ts';

const ward = { room: 'churn', channel: 'ward' };
const CHURNERS_PER_SHIELD = 20;
const CHANGES_WITH_BRAINS = 500;
const CHANGES_WITHOUT_ONE = 500;

const { bus, connect } = drilledCluster();

/** How all changes were answered. */
const codes = new Set<string>();

/** Joins and leaves as fast as it is answered, until told to stop; a change that is refused is tried again. */
function startChurning(client: FollowedClient): { readonly changes: () => number; stop(isIn: boolean): Promise<void> } {
  let changes = 0;
  let isEnding = false;
  let isIn = false;
  const change = async (): Promise<void> => {
    const { code } = await client.command(isIn ? 'leave_channel' : 'join_channel', ward);
    if (code === 'ok') isIn = !isIn;
    codes.add(code);
    changes += 1;
  };
  const churn = async (): Promise<void> => {
    while (!isEnding) await change();
  };
  const churning = churn();
  return {
    changes: () => changes,
    stop: async (wanted) => {
      isEnding = true;
      await churning;
      while (isIn !== wanted) await change();
    },
  };
}

test('[PRS-2] [PRS-5] R-36: under churn and with a Brain killed, every watcher sees joins and leaves in pairs, and no ghost stays', async () => {
  const watchers = [await connect(0, 'watcher-0'), await connect(1, 'watcher-1')];
  const views = [];
  for (const watcher of watchers)
    views.push(viewOfPresence(watcher, await watcher.must('join_channel', { ...ward, presence: true })));
  const clients: FollowedClient[] = [];
  for (const shield of [0, 1])
    for (let n = 0; n < CHURNERS_PER_SHIELD; n++) clients.push(await connect(shield, `churner-${shield}-${n}`, 'user'));
  const churns = clients.map(startChurning);
  const changes = (): number => churns.reduce((sum, churn) => sum + churn.changes(), 0);
  const more = async (count: number): Promise<void> => {
    const from = changes();
    await expect.poll(() => changes() - from, { timeout: 20_000, interval: 20 }).toBeGreaterThan(count);
  };
  const startedAt = performance.now();
  await more(CHANGES_WITH_BRAINS);
  const perSecond = (changes() / (performance.now() - startedAt)) * 1_000;
  await bus().brains[0]?.kill();
  await more(CHANGES_WITHOUT_ONE);
  await bus().startBrain(0);
  await more(CHANGES_WITH_BRAINS);
  await untilBrainsWork(bus());

  // Every second one stays, and of those that stay one goes away.
  await Promise.all(churns.map((churn, n) => churn.stop(n % 2 === 0)));
  const stoppedAt = performance.now();
  const [gone] = clients;
  gone?.end();
  const staying = [...clients.filter((_, n) => n % 2 === 0 && n > 0), ...watchers];
  const expected = staying.map(({ clientId }) => clientId).toSorted();
  for (const view of views) await expect.poll(() => view.members(), { timeout: 30_000 }).toEqual(expected);
  const convergedMs = performance.now() - stoppedAt;
  for (const watcher of watchers) {
    const { total, members } = await watcher.must('presence', { ...ward, limit: 300 });
    expect(total).toBe(expected.length);
    expect((members as readonly { client_id: string }[]).map((member) => member.client_id).toSorted()).toEqual(
      expected,
    );
  }
  expect(views.flatMap((view) => view.unpaired())).toEqual([]);
  expect([...codes].filter((code) => code !== 'ok' && code !== 'UNAVAILABLE')).toEqual([]);
  report('presence under churn', { 'changes per second': perSecond, changes: changes(), 'converged ms': convergedMs });
}, 90_000);
