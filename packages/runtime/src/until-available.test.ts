import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { untilAvailable } from './until-available.ts';

const away = new BusError('UNAVAILABLE', 'not yet');

describe('untilAvailable', () => {
  it('[ARC-5] O-13: tries again until what is opened is there, and tells of every try that failed', async () => {
    const failures: unknown[] = [];
    let tries = 0;
    const open = () => (++tries < 3 ? Promise.reject(away) : Promise.resolve('open'));
    const { signal } = new AbortController();
    expect(await untilAvailable(open, { signal, pauseMs: 1, onFailure: (error) => failures.push(error) })).toBe('open');
    expect(failures).toEqual([away, away]);
  });

  it('[ARC-5] gives up at once on what no waiting mends', async () => {
    const { signal } = new AbortController();
    const failed = untilAvailable(() => Promise.reject(new Error('a bug')), { signal, onFailure: () => undefined });
    await expect(failed).rejects.toThrow('a bug');
  });

  it('[DPL-3] ends when it is told to, also in the middle of a pause', async () => {
    const stopping = new AbortController();
    const { signal } = stopping;
    const onFailure = (): void => stopping.abort(new Error('told to end'));
    await expect(untilAvailable(() => Promise.reject(away), { signal, onFailure, pauseMs: 60_000 })).rejects.toThrow(
      'told to end',
    );
  });
});
