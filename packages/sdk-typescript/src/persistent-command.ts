import { BusError } from '@arqonbus/protocol';
import type { Clock } from './clock.ts';

/** Refusals after which the same command may do better a little later. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'TIMEOUT', 'RATE_LIMITED']);
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4_000;

/** True where it is worth trying again. */
export function isPassing(error: unknown): boolean {
  return error instanceof BusError && PASSING.has(error.code);
}

/** Gives a command, that does no harm when it is given twice, until it is answered, refused for good, or `forMs` are over. */
export async function persist<T>(clock: Clock, run: () => Promise<T>, forMs: number): Promise<T> {
  const untilMs = clock.now() + forMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await run();
    } catch (error) {
      if (!isPassing(error) || clock.now() + pauseMs > untilMs) throw error;
    }
    await new Promise<void>((resolve) => void clock.setTimer(resolve, pauseMs));
  }
}
