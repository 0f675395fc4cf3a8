import { describe, expect, it } from 'vitest';
import { createMessageIds } from './ids.ts';
import { isMessageId } from './names.ts';

/** Fills in place; some typings of getRandomValues want an ArrayBuffer, which these bytes need not have. */
function fillRandom(bytes: Uint8Array): void {
  bytes.set(crypto.getRandomValues(new Uint8Array(bytes.length)));
}

const NOW = 1_767_323_045_006;

describe('createMessageIds', () => {
  it('[PRT-8] makes message ids that sort by their making, whatever the clock does', () => {
    const clock = [NOW, NOW, NOW + 1, NOW - 1_000, NOW + 1, NOW + 2];
    let tick = 0;
    const next = createMessageIds(() => clock[tick++ % clock.length] ?? NOW, fillRandom);
    const ids = Array.from({ length: 5_000 }, next);
    expect(ids.every((id) => isMessageId(id) && id.length === 30)).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('[PRT-8] writes the time and the random bytes as a ULID', () => {
    const next = createMessageIds(
      () => 1_469_918_176_385,
      (bytes) => bytes.fill(0),
    );
    expect(next()).toBe('arq_01ARYZ6S410000000000000000');
    expect(next()).toBe('arq_01ARYZ6S410000000000000001');
  });

  it('[PRT-8] carries from one half of the random part to the other, and into the time', () => {
    const lowFull = createMessageIds(
      () => NOW,
      (bytes) => bytes.fill(0).fill(255, 5, 10),
    );
    expect([lowFull(), lowFull()].map((id) => id.slice(14))).toEqual(['00000000ZZZZZZZZ', '0000000100000000']);
    const full = createMessageIds(
      () => NOW,
      (bytes) => bytes.fill(255),
    );
    const [last, first] = [full(), full()];
    expect(last.slice(14)).toBe('ZZZZZZZZZZZZZZZZ');
    expect(first > last).toBe(true);
  });

  it('[PRT-8] asks for randomness a block at a time', () => {
    let asked = 0;
    let now = NOW;
    const next = createMessageIds(
      () => now++,
      () => asked++,
    );
    for (let i = 0; i < 201; i++) next();
    expect(asked).toBe(3);
  });
});
