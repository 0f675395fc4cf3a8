import { describe, expect, it } from 'vitest';
import { isInRatio, isSampled, traceIdOf, withoutSampling } from './trace-context.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const sampled = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

describe('a trace context', () => {
  it('[TEL-3] tells whether its trace is recorded, by one bit of its flags', () => {
    const flags = ['00', '01', '02', '03', 'ff'].map((flag) => isSampled(`00-${TRACE_ID}-00f067aa0ba902b7-${flag}`));
    expect(flags).toEqual([false, true, false, true, true]);
    expect([isSampled(''), traceIdOf(sampled), traceIdOf('')]).toEqual([false, TRACE_ID, '']);
  });

  it('[TEL-3] can be marked as not recorded', () => {
    expect(withoutSampling(sampled)).toBe(`00-${TRACE_ID}-00f067aa0ba902b7-00`);
    expect(withoutSampling('')).toBe('');
  });

  it('[TEL-3] is in a ratio by its trace id alone', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => ((i * 2_654_435_761) >>> 0).toString(16).padStart(32, '0'));
    const share = (perMillion: number): number => ids.filter((id) => isInRatio(id, perMillion)).length;
    expect([share(0), share(1_000_000)]).toEqual([0, 10_000]);
    expect(share(10_000)).toBeGreaterThan(80);
    expect(share(10_000)).toBeLessThan(120);
  });
});
