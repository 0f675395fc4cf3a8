import type { StoredCronJob } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { MAX_MISSED, MISSED_AFTER_MS, planOccurrences } from './plan-occurrences.ts';

const START_MS = Date.parse('2026-11-26T07:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Due every 15 minutes, the next time at START. */
function job(more: Partial<StoredCronJob> = {}): StoredCronJob {
  const nothing = new Uint8Array(0);
  const what = { owner: 'ann', principal: nothing, name: '', room: 'a', channel: 'b', payload: nothing };
  const when = { expression: '', timezone: '', startAtMs: START_MS, everyMs: 15 * MINUTE_MS, nextAtMs: START_MS };
  const how = { repeatCount: 0, misfire: 'once', status: 'active', iteration: 0, createdAtMs: 0 } as const;
  return { jobId: 'c_1', ...what, ...when, ...how, ...more };
}

/** Moments as minutes after START. */
function plan(given: Partial<StoredCronJob>, afterMs: number): object {
  const { fire, missedMs, nextAtMs } = planOccurrences(job(given), START_MS + afterMs);
  const minutes = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : (ms - START_MS) / MINUTE_MS;
  return { fire: fire.map(minutes), missed: minutes(missedMs), next: minutes(nextAtMs) };
}

describe('planOccurrences', () => {
  it('[CRN-2] fires what is due, and nothing before', () => {
    expect(plan({}, -1)).toEqual({ fire: [], missed: undefined, next: 0 });
    expect(plan({}, 0)).toEqual({ fire: [0], missed: undefined, next: 15 });
  });

  it('[CRN-2] fires what is a little late, whatever the job says of what was missed', () => {
    expect(plan({ misfire: 'skip' }, MISSED_AFTER_MS)).toEqual({ fire: [0], missed: undefined, next: 15 });
    const everySecond = planOccurrences(job({ misfire: 'skip', everyMs: 1_000 }), START_MS + 5_000);
    expect(everySecond.fire).toHaveLength(6);
  });

  it.each([
    ['skip', { fire: [], missed: 0, next: 60 }],
    ['once', { fire: [0], missed: 15, next: 60 }],
    ['all', { fire: [0, 15, 30, 45], missed: undefined, next: 60 }],
  ] as const)('[CRN-2] after downtime: %s', (misfire, expected) => {
    expect(plan({ misfire }, 50 * MINUTE_MS)).toEqual(expected);
  });

  it('[CRN-2] fires the one that has just come, too', () => {
    expect(plan({ misfire: 'skip' }, 45 * MINUTE_MS)).toEqual({ fire: [45], missed: 0, next: 60 });
    expect(plan({ misfire: 'once' }, 45 * MINUTE_MS)).toEqual({ fire: [0, 45], missed: 15, next: 60 });
  });

  it('[CRN-2] [O-01] bounds how many fire at once, however long nobody could', () => {
    const year = 365 * 24 * HOUR_MS;
    const { fire, missedMs, nextAtMs } = planOccurrences(job({ misfire: 'all', everyMs: 1_000 }), START_MS + year);
    // Those of the last minute are just late.
    expect(fire).toHaveLength(MAX_MISSED + MISSED_AFTER_MS / 1_000 + 1);
    expect(fire.slice(MAX_MISSED - 1, MAX_MISSED + 1)).toEqual([
      START_MS + (MAX_MISSED - 1) * 1_000,
      START_MS + year - MISSED_AFTER_MS,
    ]);
    expect([missedMs, nextAtMs]).toEqual([START_MS + MAX_MISSED * 1_000, START_MS + year + 1_000]);
  });

  it('[CRN-1] ends after so many times', () => {
    expect(plan({ repeatCount: 3, iteration: 1, misfire: 'all' }, 50 * MINUTE_MS)).toEqual({
      fire: [0, 15],
      missed: undefined,
      next: undefined,
    });
    expect(plan({ repeatCount: 1, misfire: 'skip' }, 50 * MINUTE_MS)).toEqual({ fire: [], missed: 0, next: 60 });
  });

  it('[CRN-1] [CRN-2] fires once what is due once, however late, unless it is to be skipped', () => {
    expect(plan({ everyMs: 0 }, 50 * MINUTE_MS)).toEqual({ fire: [0], missed: undefined, next: undefined });
    expect(plan({ everyMs: 0, misfire: 'skip' }, 50 * MINUTE_MS)).toEqual({ fire: [], missed: 0, next: undefined });
  });
});
