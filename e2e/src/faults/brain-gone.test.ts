import { expect, test } from 'vitest';
import { countAnchored, drilledCluster, startBrainDrill, untilBrainsWork } from './harness/brain-drill.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { countCodes, startPublishing } from './harness/load.ts';
import { report } from './harness/report.ts';
import { startWatchedRooms } from './harness/watched-rooms.ts';
import { startWorkGroups } from './harness/work-groups.ts';

/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;
/** Lease and settling of a Brain's partitions; the last command may have begun then. */
const TAKEN_OVER_WITHIN_MS = 3_000 + 1_000 + 1_000;
const needsBrain = ['list_rooms', 'list_channels', 'channel_info', 'status', 'create_channel', 'delete_channel'];

const { bus, connect } = drilledCluster();

test('[PRS-5] [ARC-5] [PRS-2] without any Brain live traffic goes on, what needs one is refused in time, and lists are true again after', async () => {
  const [near, far] = [await connect(0, 'near'), await connect(1, 'far')];
  for (const client of [near, far]) await client.must('join_channel', { room: 'alone', channel: 'anchor' });
  await near.must('create_channel', { room: 'alone', channel: 'known' });
  const load = startPublishing(near, 'alone:anchor');
  await load.more(20, ['ok']);

  await Promise.all(bus().brains.map((brain) => brain.kill()));
  const refusals = await Promise.all(
    needsBrain.map((name) =>
      near.command(name, { room: 'alone', channel: name === 'create_channel' ? 'new' : 'known' }),
    ),
  );
  expect(refusals.map(({ code }) => code)).toEqual(needsBrain.map(() => 'UNAVAILABLE'));
  const creating = await far.command('join_channel', { room: 'alone', channel: 'unheard-of' });
  expect(creating.code).toBe('UNAVAILABLE');
  const slowestMs = Math.max(creating.tookMs, ...refusals.map(({ tookMs }) => tookMs));
  const joined = await far.command('join_channel', { room: 'alone', channel: 'known' });
  expect(joined.code).toBe('ok');
  const late = await connect(1, 'late', 'user');
  expect((await late.command('join_channel', { room: 'alone', channel: 'anchor' })).code).toBe('ok');
  for (const shield of [0, 1])
    expect(await bus().health(shield, 'ready')).toMatchObject({
      code: 200,
      status: 'degraded',
      checks: { brain: 'down' },
    });
  await load.more(20, ['ok']);

  const backAt = performance.now();
  await Promise.all([bus().startBrain(0), bus().startBrain(1)]);
  await untilBrainsWork(bus());
  await expect.poll(() => countAnchored(near, 'alone').catch(String), { timeout: 8_000 }).toEqual([3, 3]);
  const trueMs = performance.now() - backAt;
  expect((await near.must('list_channels', { room: 'alone' }))['channels']).toMatchObject([
    { channel: 'anchor', members: 3 },
    { channel: 'known', members: 1 },
  ]);
  const outcomes = await load.stop();
  expect(countCodes(outcomes)).toEqual({ ok: outcomes.length });
  await expect.poll(() => far.events.length).toBe(outcomes.length);
  expect(far.systems).toEqual([]);
  expect(slowestMs).toBeLessThan(REFUSED_WITHIN_MS);
  report('all Brains gone', {
    'slowest refusal ms': slowestMs,
    'join existing ms': joined.tookMs,
    'true again ms': trueMs,
  });
});

test('[BRN-1] [CRN-2] [OPR-3] [WHK-2] R-26: one of two Brains killed under commands: nothing accepted is lost, all is answered after its lease, schedules go on, tasks are done, and webhooks are told', async () => {
  await untilBrainsWork(bus());
  const [near, far] = [await connect(0, 'near'), await connect(1, 'far')];
  const { streams, finish } = await startBrainDrill(near, far, 'killed');
  const ticking = await startTicking(near);
  const groups = await startWorkGroups(bus());
  const watched = await startWatchedRooms(bus());
  const killedAt = performance.now();
  await bus().brains[0]?.kill();
  await watched.leave();
  const isOver = (): boolean => performance.now() - killedAt > TAKEN_OVER_WITHIN_MS + 500;
  await expect.poll(isOver, { timeout: 10_000 }).toBe(true);
  await Promise.all(streams.map(({ load }) => load.more(50, ['ok'])));
  const { codes, lastRefusedAt, slowestMs } = await finish();
  const { ok = 0, UNAVAILABLE: refused = 0, ...others } = codes;
  report('a Brain killed', { ok, refused, 'gap ms': Math.max(0, lastRefusedAt - killedAt), 'slowest ms': slowestMs });
  await ticking.check();
  await groups.check();
  await watched.check();
  expect(others).toEqual({});
  expect(lastRefusedAt - killedAt).toBeLessThan(TAKEN_OVER_WITHIN_MS);
});

/** A schedule of every second; checks that each of its moments came, and was recorded, once. */
async function startTicking(client: FollowedClient): Promise<{ check(): Promise<void> }> {
  const target = { room: 'logged', channel: 'clock' };
  await client.must('join_channel', target);
  const { job_id: jobId } = await client.must('op.cron.schedule', { ...target, payload: 'tick', interval_seconds: 1 });
  const heard = (): unknown[] =>
    client.events
      .filter(({ sender }) => sender === 'op-cron')
      .map(({ metadata }) => (metadata as { iteration: number }).iteration)
      // A moment that the killed Brain had claimed comes once its claim has run out, after later ones.
      .toSorted((a, b) => a - b);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  return {
    check: async () => {
      await client.must('op.cron.pause', { job_id: jobId });
      const listRuns = async (): Promise<{ state: string }[]> =>
        (await client.must('op.cron.runs', { job_id: jobId }))['items'] as { state: string }[];
      const isOpen = async (): Promise<boolean> => (await listRuns()).some(({ state }) => state === 'claimed');
      await expect.poll(isOpen, { timeout: 10_000 }).toBe(false);
      const runs = await listRuns();
      expect(runs.filter(({ state }) => state !== 'fired')).toEqual([]);
      // Those that somebody took over may have been published by both: the log knows their ids.
      await expect.poll(heard).toEqual(numbers(runs.length));
    },
  };
}
