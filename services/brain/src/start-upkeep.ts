import type { SpineSubscription } from '@arqonbus/spine';
import type { BrainLogger } from './brain.ts';
/**
 * Looks after everything every second, until the returned function is called. `upkeep` begins all of it at once: the lease is
 * renewed however long a sweep takes.
 */
export function startUpkeep(
  upkeep: () => readonly Promise<void>[],
  onError: (error: unknown) => void,
  startTimer: (run: () => void) => () => void = everySecond,
): () => void {
  return startTimer(() => {
    for (const part of upkeep()) part.catch(onError);
  });
}

function everySecond(run: () => void): () => void {
  const timer = setInterval(run, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}

/** Ends these interests. */
export function endAll(subscriptions: readonly SpineSubscription[]): void {
  for (const subscription of subscriptions) subscription.unsubscribe();
}

/** Writes down what upkeep could not do. */
export function createOnError(logger: BrainLogger | undefined): (error: unknown) => void {
  return (error) => logger?.error({ event: 'upkeep_failed', err: error }, 'upkeep of the Brain failed');
}
