import { progressOf } from './progress.ts';
import type { Step, Tally } from './step.ts';

/** Rounds that may make nothing less before it is given up: members take a moment to be gone from their rooms. */
const MAX_IDLE_ROUNDS = 6;

/** How a tenant is walked through. */
export interface WalkOptions {
  /** Only looks. */
  readonly isDryRun: boolean;
  /** Waits before the round with this number, from 2 on. */
  readonly pause: (round: number) => Promise<void>;
}

/**
 * Takes step after step, in their order, and begins again until nothing is left or nothing gets less: what one step removes may
 * stand in the way of one before it, and others may be at it at the same time. Never rejects.
 */
export async function walk(steps: readonly Step[], { isDryRun, pause }: WalkOptions): Promise<readonly Tally[]> {
  const all = steps.map(progressOf);
  const look = async (): Promise<number> => {
    for (const one of all) await one.look();
    return all.reduce((sum, one) => sum + one.tally().left, 0);
  };
  if (isDryRun) await look();
  let least = Number.POSITIVE_INFINITY;
  let idle = 0;
  for (let round = 1; !isDryRun && idle < MAX_IDLE_ROUNDS; round++) {
    if (round > 1) await pause(round);
    for (const one of all) await one.clear();
    const left = await look();
    if (left === 0) break;
    idle = left < least ? 0 : idle + 1;
    least = Math.min(least, left);
  }
  return all.map((one) => one.tally());
}
