import { cpuSeconds } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { drilledCluster, untilBrainsWork } from '../faults/harness/brain-drill.ts';
import { p99 } from '../faults/harness/load.ts';
import { startPacedChurn } from '../faults/harness/paced-churn.ts';
import type { Churner, PacedChurn } from '../faults/harness/paced-churn.ts';
import { viewOfPresence } from '../faults/harness/presence-view.ts';
import type { PresenceView } from '../faults/harness/presence-view.ts';
import { report } from '../faults/harness/report.ts';
import { pause } from './pause.ts';

// R-36 at its rate: so many joins and leaves a second, in rooms of both Brains, whatever is answered.
const PER_SECOND = 2_000;
const ROOMS = 8;
const CHURNERS = 400;
const PHASE_MS = 10_000;
/** Clients that go without a word while a Brain is dead. */
const GONE = 20;

const { bus, connect } = drilledCluster();

/** Every second one of a room. */
const stays = (n: number): boolean => (n >> 4) % 2 === 0;

interface Watched {
  readonly views: readonly PresenceView[];
  readonly target: Churner['target'];
  readonly watcherIds: readonly string[];
}

/** A room with a watcher on each Shield. */
async function watchRoom(n: number): Promise<Watched> {
  const target = { room: `churn-${n}`, channel: 'ward' };
  const watchers = [await connect(0, `watcher-${n}-0`), await connect(1, `watcher-${n}-1`)];
  const views = [];
  for (const watcher of watchers)
    views.push(viewOfPresence(watcher, await watcher.must('join_channel', { ...target, presence: true })));
  return { views, target, watcherIds: watchers.map(({ clientId }) => clientId) };
}

/** Servers and their CPU so far. */
function cpuOf(): Readonly<Record<string, number>> {
  const servers = [...bus().shields, ...bus().brains].filter((server) => server.isRunning());
  return Object.fromEntries(servers.map(({ name, pid }) => [`${name}/${pid}`, cpuSeconds(pid)]));
}

/** Microseconds of each server for a change that was answered in this time. */
async function costOf(churn: PacedChurn, forMs: number): Promise<Readonly<Record<string, number>>> {
  const [before, from] = [cpuOf(), churn.answered()];
  await pause(forMs);
  const [after, changes] = [cpuOf(), churn.answered() - from];
  const costs = Object.entries(after).map(([name, seconds]) => {
    return [`µs of ${name.replace(/\/.*/, '')}`, ((seconds - (before[name] ?? 0)) * 1_000_000) / changes] as const;
  });
  return { changes, ...Object.fromEntries(costs) };
}

test('[PRS-2] [PRS-5] R-36: 2,000 joins and leaves a second with a Brain killed: every watcher sees pairs, and no ghost stays', async () => {
  const rooms: Watched[] = [];
  for (let n = 0; n < ROOMS; n++) rooms.push(await watchRoom(n));
  const churners: Churner[] = [];
  for (let n = 0; n < CHURNERS; n++) {
    const client = await connect(n % 2, `churner-${n}`, 'user');
    churners.push({ client, target: (rooms[(n >> 1) % ROOMS] as Watched).target });
  }
  const churn = startPacedChurn(churners, PER_SECOND);
  const whole = await costOf(churn, PHASE_MS);
  report('presence under churn, all well', whole);
  await bus().brains[0]?.kill();
  const killedAt = churn.offered();
  for (const { client } of churners.slice(0, GONE)) client.lose();
  await pause(PHASE_MS);
  await bus().startBrain(0);
  await pause(PHASE_MS);
  await untilBrainsWork(bus());

  const { offered, codes, inTime, outcomes } = await churn.stop(stays);
  const stoppedAt = performance.now();
  for (const { views, target, watcherIds } of rooms) {
    const staying = churners.filter(({ client, target: at }, n) => at === target && stays(n) && !client.isClosed());
    const expected = [...staying.map(({ client }) => client.clientId), ...watcherIds].toSorted();
    for (const view of views) await expect.poll(() => view.members(), { timeout: 30_000 }).toEqual(expected);
    expect(views.flatMap((view) => view.unpaired())).toEqual([]);
  }
  const convergedMs = performance.now() - stoppedAt;
  const before = outcomes.filter(({ n }) => n < killedAt);
  report('presence under churn', {
    offered,
    ...codes,
    'in time': inTime,
    'p99 ms before the kill': p99(before.map(({ tookMs }) => tookMs)),
    'p99 ms in all': p99(outcomes.map(({ tookMs }) => tookMs)),
    'converged ms': convergedMs,
  });
  expect(outcomes).toHaveLength(offered);
  // A Brain that takes over is slow or refuses for a moment, and no longer.
  expect(codes['ok']).toBeGreaterThan(offered * 0.8);
  expect(Object.keys(codes).filter((code) => !['ok', 'UNAVAILABLE', 'lost'].includes(code))).toEqual([]);
});
