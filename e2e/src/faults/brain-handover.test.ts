import { expect, test } from 'vitest';
import { drilledCluster, startBrainDrill, untilBrainsWork } from './harness/brain-drill.ts';
import { countCodes, findRefused, startLoad, startPings } from './harness/load.ts';
import { report } from './harness/report.ts';

const { bus, connect } = drilledCluster();

test('[BRN-1] one of two Brains ends in good order under commands, and one comes: no command is refused', async () => {
  await untilBrainsWork(bus());
  const { streams, finish } = await startBrainDrill(await connect(0, 'near'), await connect(1, 'far'), 'handed');
  bus().brains[0]?.signal('SIGTERM');
  expect(await bus().brains[0]?.exited).toBe(0);
  await Promise.all(streams.map(({ load }) => load.more(30)));
  await bus().startBrain(0);
  await Promise.all(streams.map(({ load }) => load.more(30)));
  const { codes, refused, slowestMs, slowestPingMs } = await finish();
  report('a Brain handed over', { ...codes, 'slowest ms': slowestMs, 'ping ms': slowestPingMs });
  expect(refused).toEqual([]);
});

test('[BRN-1] [PRS-2] a Brain that stood still for 5 s believes nothing old: no channel with members goes, counts are true', async () => {
  await untilBrainsWork(bus());
  const [admin, member] = [await connect(0, 'root'), await connect(1, 'member', 'user')];
  const targets = Array.from({ length: 48 }, (_, n) => ({ room: `frozen.${n % 16}`, channel: `c-${n}` }));
  for (const target of targets) {
    // A Brain may have taken over just now, and the command be tried again.
    const create = async (): Promise<string> => (await admin.command('create_channel', target)).code;
    await expect.poll(create, { timeout: 8_000 }).toMatch(/^(?:ok|CHANNEL_EXISTS)$/);
  }
  const settled = await admin.must('status');

  bus().brains[0]?.signal('SIGSTOP');
  const frozenAt = performance.now();
  // These reach it while it stands still, if it owns them: it may read them when it wakes, with what it knew before.
  const deletions = Promise.all(targets.map((target) => admin.command('delete_channel', target)));
  const deleted = await deletions;
  const codes = deleted.map(({ code }) => code);
  const joins = await Promise.all(targets.map((target) => member.command('join_channel', target)));
  expect(joins.map(({ code }) => code).filter((code) => !['ok', 'UNAVAILABLE'].includes(code))).toEqual([]);
  const joined = targets.filter((_, n) => joins[n]?.code === 'ok');
  await expect.poll(() => performance.now() - frozenAt, { timeout: 10_000 }).toBeGreaterThan(5_000);
  bus().brains[0]?.signal('SIGCONT');
  await untilBrainsWork(bus());

  const counts = async (): Promise<readonly unknown[]> =>
    Promise.all(
      targets.map(async (target) => {
        const { code, payload } = await admin.command('channel_info', target);
        return code === 'ok' ? payload['members'] : code;
      }),
    );
  const seen = await counts();
  const gone = joined.filter((target) => seen[targets.indexOf(target)] === 'CHANNEL_NOT_FOUND');
  report('a Brain stood still', {
    deleted: codes.filter((c) => c === 'ok').length,
    joined: joined.length,
    gone: gone.length,
  });
  expect(gone).toEqual([]);
  // A refused join may have made its channel before, which then stands empty; a refused deletion may have happened.
  const isTrue = (count: unknown, n: number): boolean =>
    joins[n]?.code === 'ok' ? count === 1 : count === 0 || count === 'CHANNEL_NOT_FOUND';
  expect(seen.filter((count, n) => !isTrue(count, n))).toEqual([]);
  expect((await admin.must('status'))['connections']).toBe(settled['connections']);
  // What is read late must not take away what others have joined meanwhile.
  await expect.poll(counts, { timeout: 5_000 }).toEqual(seen);
});

test('[BRN-1] a third Brain comes and goes in good order under many commands, and none of them is refused', async () => {
  await untilBrainsWork(bus());
  const askers = [await connect(0, 'near'), await connect(1, 'far')];
  const rooms = Array.from({ length: 16 }, (_, n) => `dense.${n}`);
  for (const room of rooms) await askers[0]?.must('create_channel', { room, channel: 'anchor' });
  const loads = [...askers, ...askers, ...askers].map((client) =>
    startLoad(5, (n) => client.command('channel_info', { room: rooms[n % rooms.length], channel: 'anchor' })),
  );
  const pace = askers.map(startPings);
  const startedAt = performance.now();
  const third = await bus().startBrain(2);
  // The others serve on for 5 s at most what it takes over, and give it up then.
  const isHandedOver = (): boolean => performance.now() - startedAt > 6_000;
  await expect.poll(isHandedOver, { timeout: 10_000 }).toBe(true);
  await third.stop();
  await Promise.all(loads.map((load) => load.more(200)));
  const outcomes = (await Promise.all(loads.map((load) => load.stop()))).flat();
  const pings = (await Promise.all(pace.map((load) => load.stop()))).flat();
  const slowestMs = Math.max(...outcomes.map(({ tookMs }) => tookMs));
  report('a third Brain comes and goes', { ...countCodes(outcomes), 'slowest ms': slowestMs });
  expect(findRefused(outcomes, pings)).toEqual([]);
});
