import { describe, expect, it } from 'vitest';
import { expressionProblem, nextOccurrence } from './next-occurrence.ts';

const at = Date.parse;

/** So many moments from there on, as local times would be written in UTC. */
function next(expression: string, timezone: string, from: string, count: number): readonly string[] {
  const schedule = { expression, timezone, startAtMs: 0, everyMs: 0 };
  const moments: number[] = [];
  for (let afterMs = at(from); moments.length < count; afterMs = moments.at(-1) ?? Number.NaN) {
    const found = nextOccurrence(schedule, afterMs);
    if (found === undefined) break;
    moments.push(found);
  }
  return moments.map((ms) => new Date(ms).toISOString().replace(/:00\.000Z$/, ''));
}

describe('nextOccurrence', () => {
  // Berlin: on 29 March 2026 clocks go from 02:00 to 03:00 (01:00 UTC), on 25 October from 03:00 back to 02:00 (01:00 UTC).
  it.each([
    ['an hour that does not exist', '30 2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00', '2026-03-30T00:30']],
    ['an hour that comes twice', '30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    [
      'every half hour, forward',
      '*/30 * * * *',
      '2026-03-29T00:15Z',
      ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30'],
    ],
    [
      'every half hour, back',
      '*/30 * * * *',
      '2026-10-25T00:15Z',
      ['2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
    ],
    ['every hour, forward', '0 * * * *', '2026-03-28T23:30Z', ['2026-03-29T00:00', '2026-03-29T01:00']],
    [
      'every hour, back',
      '0 * * * *',
      '2026-10-24T23:30Z',
      ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
    ],
  ])('[CRN-1] [O-02] %s', (_, expression, from, moments) => {
    expect(next(expression, 'Europe/Berlin', from, moments.length)).toEqual(moments);
  });

  it.each([
    ['0 12 29 2 *', 'UTC', '2026-03-01T00:00Z', ['2028-02-29T12:00', '2032-02-29T12:00']],
    ['0 9 * * 1-5', 'America/New_York', '2026-11-27T15:00Z', ['2026-11-30T14:00', '2026-12-01T14:00']],
    ['0 0 L * *', 'Asia/Kathmandu', '2026-02-01T00:00Z', ['2026-02-27T18:15', '2026-03-30T18:15']],
    ['0 2 * * *', 'Australia/Lord_Howe', '2026-10-02T20:00Z', ['2026-10-03T15:30', '2026-10-04T15:00']],
  ])('[CRN-1] [O-02] %s in %s', (expression, timezone, from, moments) => {
    expect(next(expression, timezone, from, moments.length)).toEqual(moments);
  });

  it('[CRN-1] reads six fields with seconds first', () => {
    const schedule = { expression: '*/10 * * * * *', timezone: 'UTC', startAtMs: 0, everyMs: 0 };
    expect(nextOccurrence(schedule, at('2026-11-26T07:00:01Z'))).toBe(at('2026-11-26T07:00:10Z'));
  });

  it('[CRN-1] [O-02] never goes back, through both changes of two years', () => {
    for (const expression of ['*/20 * * * *', '15 */2 * * *', '30 1-3 * * *']) {
      const moments = next(expression, 'Europe/Berlin', '2026-03-28T00:00Z', 200);
      const around = next(expression, 'Europe/Berlin', '2026-10-24T00:00Z', 200);
      expect([moments.toSorted(), around.toSorted()]).toEqual([moments, around]);
      expect(new Set([...moments, ...around]).size).toBe(400);
    }
  });

  it('[CRN-1] counts spans from where they begin, and knows what is due once', () => {
    const every = { expression: '', timezone: '', startAtMs: 10_000, everyMs: 5_000 };
    expect([0, 9_999, 10_000, 14_999, 15_000].map((ms) => nextOccurrence(every, ms))).toEqual([
      10_000, 10_000, 15_000, 15_000, 20_000,
    ]);
    const once = { ...every, everyMs: 0 };
    expect([9_999, 10_000].map((ms) => nextOccurrence(once, ms))).toEqual([10_000, undefined]);
  });

  it('[CRN-1] gives nothing for what never comes', () => {
    const never = { expression: '0 0 30 2 *', timezone: 'UTC', startAtMs: 0, everyMs: 0 };
    expect(nextOccurrence(never, at('2026-11-26T07:00:00Z'))).toBeUndefined();
  });
});

describe('expressionProblem', () => {
  it.each([
    ['* * * * *', 'UTC', undefined],
    ['0 0 1,15 * MON-FRI', 'Etc/GMT+5', undefined],
    ['* * * *', 'UTC', 'expression'],
    ['* * * * * * *', 'UTC', 'expression'],
    ['61 * * * *', 'UTC', 'expression'],
    ['? * * * *', 'UTC', 'expression'],
    ['@daily', 'UTC', 'expression'],
    ['0 0 * * MONDAYS', 'UTC', 'expression'],
    [`${'1,'.repeat(80)}1 * * * *`, 'UTC', 'expression'],
    ['* * * * *', 'Mars/Olympus', 'timezone'],
    ['* * * * *', '+02:00', 'timezone'],
    ['* * * * *', '', 'timezone'],
    ['* * * * *', '../etc/passwd', 'timezone'],
  ])('[CRN-1] %s in %s: %s', (expression, timezone, problem) => {
    expect(expressionProblem(expression, timezone)).toBe(problem);
  });
});
