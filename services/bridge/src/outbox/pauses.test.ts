import { describe, expect, it } from 'vitest';
import { Pauses } from './pauses.ts';

describe('pauses', () => {
  it('[PRT-19] are of single channels, grow to a few seconds, and end when something gets through', () => {
    const pauses = new Pauses();
    pauses.pause('a:a', 0);
    pauses.pause('a:b', 0, 2_000);
    expect([pauses.channels(0), pauses.nextMs(0)]).toEqual([['a:a', 'a:b'], 100]);
    expect([pauses.channels(100), pauses.nextMs(100)]).toEqual([['a:b'], 1_900]);
    for (let times = 0; times < 10; times += 1) pauses.pause('a:a', 200);
    expect(pauses.nextMs(5_000)).toBe(200);
    pauses.resume('a:a');
    expect(pauses.channels(201)).toEqual(['a:b']);
    expect(pauses.allMs(201)).toBe(0);
  });

  it('[PRD-5] are of all channels where there are too many, or nothing is known', () => {
    const pauses = new Pauses();
    for (let n = 0; n < 1_001; n += 1) pauses.pause(`a:${n}`, 0);
    expect([pauses.channels(50).length, pauses.allMs(50)]).toEqual([1_000, 50]);
    pauses.pauseAll(100, 60_000);
    expect(pauses.allMs(100)).toBe(5_000);
  });
});
