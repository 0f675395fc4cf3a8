import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { publishMany, readUpTo, upTo } from './harness/numbered-events.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { expectCutWhoNeverReads, isSlow } from './harness/slow-consumer.ts';

// What a slow consumer gets back from the log. That it hurts nobody, log or not, is tested in slow-consumer.test.ts.
const kept = { class: 'history', max_age_ms: 3_600_000, max_bytes: 64 * 1_048_576 };
const profiles = { long: { ...kept, max_messages: 100_000 }, short: { ...kept, max_messages: 20 } };
const rules = [
  { pattern: 'short:*', profile: 'short' },
  { pattern: '*:*', profile: 'long' },
];
const busOn = busOnEach({
  ...roomyLimits,
  ARQONBUS_LIMITS_SLOW_CONSUMER_TIMEOUT_MS: '60000',
  ARQONBUS_LOG_PROFILES: JSON.stringify(profiles),
  ARQONBUS_LOG_RULES: JSON.stringify(rules),
});

test.for(listeners)(
  '[LOG-11] a stuck reader gets all that it missed, before what comes while it catches up (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = busOn(listener);
    const target = { room: 'patient', channel: 'all' };
    const [publisher, stuck] = await Promise.all([bus.connect({ user: 'publisher' }), bus.connect({ user: 'stuck' })]);
    await publisher.must('join_channel', target);
    const { epoch } = await stuck.must('join_channel', target);
    stuck.socket.pause();
    const count = 600;
    await publishMany(publisher, 'patient:all', 0, count);
    await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(true);

    // While it catches up there is more: what is live must not overtake what was missed.
    stuck.socket.resume();
    await publishMany(publisher, 'patient:all', count, 100);
    const { numbers, notices } = await readUpTo(stuck, count + 99);
    expect(numbers).toEqual(upTo(count + 100));
    expect(notices.length).toBeGreaterThanOrEqual(1);
    for (const notice of notices)
      expect(notice).toEqual({ event: 'lagging', ...target, epoch, seq: expect.any(Number) });
    await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
    for (const client of [publisher, stuck]) client.end();
  },
);

test.for(listeners)('[LOG-11] past the retention the hole is told (%s)', { timeout: 60_000 }, async (listener) => {
  const bus = busOn(listener);
  const target = { room: 'short', channel: 'memory' };
  const [publisher, stuck] = await Promise.all([bus.connect({ user: 'publisher' }), bus.connect({ user: 'stuck' })]);
  for (const client of [publisher, stuck]) await client.must('join_channel', target);
  stuck.socket.pause();
  const count = 800;
  await publishMany(publisher, 'short:memory', 0, count);
  await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(true);
  stuck.socket.resume();
  await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
  await publishMany(publisher, 'short:memory', count, 5);
  const { numbers, notices } = await readUpTo(stuck, count + 4);
  expect(numbers.length).toBeLessThan(count);
  expect(numbers.slice(-5)).toEqual([count, count + 1, count + 2, count + 3, count + 4]);
  const hole = notices.find((notice) => notice['recovered'] === false);
  expect(hole).toMatchObject({
    event: 'lagging',
    ...target,
    reason: 'trimmed',
    epoch: expect.any(String),
    seq: expect.any(Number),
  });
  for (const client of [publisher, stuck]) client.end();
});

test.for(listeners)(
  '[LOG-11] who asks for history and never reads is cut at once, too (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = busOn(listener);
    const client = await bus.connect({ user: 'greedy' });
    const target = { room: 'greedy', channel: 'log' };
    await client.must('join_channel', target);
    await publishMany(client, 'greedy:log', 0, 15);
    const order = { command: 'history', args: { ...target, limit: 15 } };
    await expectCutWhoNeverReads(bus, client, order, 200);
  },
);
