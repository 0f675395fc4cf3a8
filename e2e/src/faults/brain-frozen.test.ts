import { afterEach, expect, test } from 'vitest';
import { drilledCluster, untilBrainsWork } from './harness/brain-drill.ts';
import { report } from './harness/report.ts';

/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;

const { bus, connect } = drilledCluster();

afterEach(() => bus().brains.forEach((brain) => brain.signal('SIGCONT')));

test('[ARC-5] [SPN-8] a Brain that stands still: every command ends in two seconds, and is not carried out when it goes on', async () => {
  const admin = await connect(0, 'admin');
  await admin.must('join_channel', { room: 'frozen', channel: 'anchor' });
  await untilBrainsWork(bus());
  for (const brain of bus().brains) brain.signal('SIGSTOP');
  const asked = await Promise.all([
    admin.command('create_channel', { room: 'frozen', channel: 'made-late' }),
    admin.command('join_channel', { room: 'frozen', channel: 'joined-late', presence: true }),
    admin.command('join_channel', { room: 'frozen', channel: 'anchor', presence: true }),
    admin.command('op.session.disconnect', { user: 'nobody', ban_for_ms: 600_000 }),
    admin.command('status'),
    admin.command('leave_channel', { room: 'frozen', channel: 'anchor' }),
  ]);
  const slowestMs = Math.max(...asked.map(({ tookMs }) => tookMs));
  expect(asked.map(({ code }) => code)).toEqual([...Array<string>(5).fill('UNAVAILABLE'), 'ok']);
  expect(slowestMs).toBeLessThan(REFUSED_WITHIN_MS);

  for (const brain of bus().brains) brain.signal('SIGCONT');
  await untilBrainsWork(bus());
  await expect.poll(async () => (await admin.command('status')).code, { timeout: 10_000 }).toBe('ok');
  const { channels } = await admin.must('list_channels', { room: 'frozen' });
  expect((channels as readonly { channel: string }[]).map(({ channel }) => channel)).toEqual(['anchor']);
  expect((await admin.must('op.ban.list'))['items']).toEqual([]);
  const late = bus().brains.flatMap((brain) => brain.log().match(/came after its deadline/g) ?? []);
  report('Brains that stood still', { 'slowest ms': slowestMs, 'late requests dropped': late.length });
  expect(late.length).toBeGreaterThan(0);
});
