import { settings } from '@arqonbus/config';
import { describe, expect, it } from 'vitest';
import { nextAttempt, retryAfterOf } from './next-attempt.ts';

const offsetsMs = settings['webhooks.retry_after_seconds'].default.map((seconds) => Number(seconds) * 1_000);
const HOUR_MS = 3_600_000;
const schedule = (random = 0) => ({ offsetsMs, random: () => random });

/** When attempts are made of what always fails, ms after the first. */
function timesOf(random: number, retryAfterMs = 0): number[] {
  const times = [0];
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttempt({ attempts, firstAtMs: 0, nowMs: times.at(-1) ?? 0, retryAfterMs }, schedule(random));
    if (next === undefined) return times;
    times.push(next);
  }
}

describe('further attempts', () => {
  it('[WHK-3] R-25: come after 5 s, 5 and 30 min, 2, 5, 10, 14, 20 and 24 h, and then no more', () => {
    expect(timesOf(0)).toEqual([
      0,
      5_000,
      300_000,
      0.5 * HOUR_MS,
      ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
    ]);
  });

  it('[WHK-3] are spread, so that what failed together does not come back together', () => {
    const [early, late] = [timesOf(0), timesOf(0.999)];
    expect(late.slice(1).every((time, index) => time > (early[index + 1] ?? 0))).toBe(true);
    expect(late).toHaveLength(10);
  });

  it('[WHK-3] come as late as the endpoint asks, as far as there is time', () => {
    const failed = { attempts: 1, firstAtMs: 0, nowMs: 0 };
    expect(nextAttempt({ ...failed, retryAfterMs: 60_000 }, schedule())).toBe(60_000);
    expect(nextAttempt({ ...failed, retryAfterMs: 1_000 }, schedule())).toBe(5_000);
    expect(nextAttempt({ ...failed, retryAfterMs: 99 * HOUR_MS }, schedule())).toBe(24 * HOUR_MS);
    expect(timesOf(0, 99 * HOUR_MS).every((time) => time <= 24 * HOUR_MS + 9_000)).toBe(true);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Thu, 26 Nov 2026 06:31:00 GMT', 60_000],
    ['Thu, 26 Nov 2026 06:29:00 GMT', 0],
    ['soon', 0],
    ['', 0],
    ['-5', 0],
    ['99999999999999999999', 0],
  ])('[WHK-3] Retry-After: %s is %i ms', (header, ms) => {
    expect(retryAfterOf(header, Date.parse('2026-11-26T06:30:00Z'))).toBe(ms);
  });
});
