import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestAges } from './request-ages.ts';

const leftMs = 2_000;

describe('RequestAges', () => {
  it('[SPN-8] tells how long requests lay about, whatever the two clocks show', () => {
    const skew = fc.integer({ min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(skew, fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 20 }), (skewMs, delays) => {
        const ages = new RequestAges();
        let nowMs = 2e9;
        const take = (delayMs: number): number => {
          nowMs += 10;
          return ages.ageOf({ leftMs, sender: 'a', sentMs: nowMs - delayMs + skewMs }, nowMs);
        };
        expect(take(0)).toBe(0);
        // Ten milliseconds lie between two of them: what clocks may come apart by adds up to 0.2.
        for (const delayMs of delays) expect(Math.abs(take(delayMs) - delayMs)).toBeLessThan(0.3);
      }),
    );
  });

  it('[SPN-8] follows clocks that come apart, and still sees what lay there while its process stood still', () => {
    const ages = new RequestAges();
    const apart = 1.0005;
    const send = (sentAt: number, readAt: number): number =>
      ages.ageOf({ leftMs, sender: 'a', sentMs: sentAt * apart }, readAt);
    for (let nowMs = 0; nowMs < 86_400_000; nowMs += 60_000) expect(send(nowMs, nowMs)).toBeLessThan(1);
    expect(send(86_401_000, 86_461_000)).toBeGreaterThan(59_800);
  });

  it('[PRD-5] knows each sender by itself, takes the first request for fresh, and forgets who was silent for longest', () => {
    const ages = new RequestAges();
    const send = (sender: string, sentMs: number): number => ages.ageOf({ leftMs, sender, sentMs }, 10_000);
    expect([send('a', 10_000), send('b', 3_000), send('b', 2_000), send('a', 9_000)]).toEqual([0, 0, 1_000, 1_000]);
    for (let i = 0; i < 999; i++) send(`c${i}`, 0);
    expect([send('a', 9_000), send('b', 2_000)]).toEqual([1_000, 0]);
  });
});
