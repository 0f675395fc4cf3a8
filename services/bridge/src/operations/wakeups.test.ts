import { describe, expect, it } from 'vitest';
import { Wakeups } from './wakeups.ts';

describe('who waits', () => {
  it('[BRG-1] is woken, by what came before, too, and once for all of it', async () => {
    const wakeups = new Wakeups(new AbortController().signal);
    const waiting = wakeups.wait(60_000);
    wakeups.wake();
    expect(await waiting).toBe(true);
    wakeups.wake();
    wakeups.wake();
    expect([await wakeups.wait(60_000), await wakeups.wait(1)]).toEqual([true, false]);
  });

  it('[BRG-1] is woken by the end', async () => {
    const end = new AbortController();
    const waiting = new Wakeups(end.signal).wait(60_000);
    end.abort();
    expect(await waiting).toBe(true);
  });
});
