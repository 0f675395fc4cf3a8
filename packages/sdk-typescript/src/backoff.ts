/** Upper bound of the first wait. */
export const BACKOFF_BASE_MS = 250;

/** Upper bound of every wait that the server did not ask for. */
export const BACKOFF_CAP_MS = 20_000;

/** The longest wait that a server may ask for; a hostile one cannot park a client for good. */
export const MAX_HINT_MS = 300_000;

/**
 * How long to wait before the next try, in ms: exponential backoff with full jitter, after the wait that the server
 * asked for (`hintMs`, 0 = none). `failures` counts the tries that failed in a row, from 1; `random` gives [0, 1).
 */
export function backoffDelay(failures: number, hintMs: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(boundHint(hintMs) + random() * ceiling);
}

/** The part of the server's wish that is granted, in ms: nothing but a number counts, and no more than the maximum. */
export function boundHint(hintMs: number): number {
  return Number.isFinite(hintMs) ? Math.min(Math.max(hintMs, 0), MAX_HINT_MS) : 0;
}
