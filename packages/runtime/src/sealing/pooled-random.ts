import { randomFillSync } from 'node:crypto';

/** Fills all of some bytes. */
export type FillRandom = (bytes: Uint8Array) => void;

const POOL_BYTES = 4_096;

/**
 * Random bytes out of a pool that the system's generator fills, 4 KiB at a time: to ask it for a dozen takes 1.4 µs in a loop, and 30 µs
 * where its code has left the cache meanwhile, as between two sessions. Nothing is given twice, nor kept once it was given.
 */
export function createPooledRandom(fill: FillRandom = (bytes) => void randomFillSync(bytes)): FillRandom {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (bytes.length > POOL_BYTES) {
      fill(bytes);
      return;
    }
    if (used + bytes.length > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const end = used + bytes.length;
    bytes.set(pool.subarray(used, end));
    pool.fill(0, used, end);
    used = end;
  };
}

/** That of this process. */
export const fillRandom: FillRandom = createPooledRandom();
