import { setTimeout as delay } from 'node:timers/promises';
import { Samples } from '@arqonbus/telemetry';

const TURN_MS = 2;

/** What came of work at a fixed rate. */
export interface SteadyRun {
  /** From when each was due, so that one which had to wait for its turn is not told as quick. */
  readonly spansMs: Samples;
  /** As many a second as were done, the wait for the last one included. */
  readonly perSecond: number;
}

/** Begins one after the other at this rate, however many are still under way, and waits for all. */
export async function steadyRate(
  count: number,
  perSecond: number,
  run: (n: number) => Promise<void>,
): Promise<SteadyRun> {
  const spansMs = new Samples();
  const startedMs = performance.now();
  const one = async (n: number): Promise<void> => {
    await run(n);
    spansMs.add(performance.now() - startedMs - (n * 1_000) / perSecond);
  };
  const all: Promise<void>[] = [];
  while (all.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startedMs) / 1_000) * perSecond) + 1);
    while (all.length < due) all.push(one(all.length));
    await delay(TURN_MS);
  }
  await Promise.all(all);
  return { spansMs, perSecond: (count * 1_000) / (performance.now() - startedMs) };
}
