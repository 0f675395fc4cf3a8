import type { Clock, TenantId } from '@arqonbus/protocol';
import type { ClaimedRun, CronStore, RunEnd } from '@arqonbus/storage';
import type { CronMetrics } from './cron-metrics.ts';
import { batchesOf, publishOccurrences, runEnd } from './publish-occurrences.ts';
import type { PublishAtEdge } from './publish-occurrences.ts';

/** What firing what is claimed needs. */
export interface FireOptions {
  readonly store: Pick<CronStore, 'finish'>;
  readonly publish: PublishAtEdge;
  readonly clock: Clock;
  readonly metrics?: CronMetrics | undefined;
}

/** What cannot be published is tried again after each claim: for about an hour. */
const MAX_ATTEMPTS = 1_200;

/**
 * Publishes what was claimed for one tenant, batch by batch at once, and records each batch's ends. Throws where nothing was
 * decided about a batch: it is claimed again.
 */
export async function fireClaims(tenant: TenantId, runs: readonly ClaimedRun[], options: FireOptions): Promise<void> {
  const over = runs.flatMap(endOfOver);
  const live = runs.filter((run) => endOfOver(run).length === 0);
  await finish(tenant, over, options);
  const batches = batchesOf(live).map(async (batch) => {
    const ends = await publishOccurrences(tenant, batch, options.publish);
    await finish(tenant, ends, options);
  });
  const outcomes = await Promise.allSettled(batches);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function finish(tenant: TenantId, ends: readonly RunEnd[], options: FireOptions): Promise<void> {
  const { store, clock, metrics } = options;
  if (ends.length === 0) return;
  const nowMs = clock.now();
  const recorded = await store.finish(tenant, ends, nowMs);
  if (recorded.length < ends.length) metrics?.overtaken(ends.length - recorded.length);
  // What was overtaken is counted by whoever has it now.
  for (const { state, dueAtMs } of recorded) {
    if (state === 'fired') metrics?.fired(Math.max(0, nowMs - dueAtMs));
    else if (state === 'refused') metrics?.refused();
    else if (state === 'failed') metrics?.failed();
  }
}

/** What is claimed again may be of a job that somebody ended meanwhile, or have been tried for long enough. */
function endOfOver(run: ClaimedRun): readonly RunEnd[] {
  const { status } = run.job;
  if (status === 'cancelled' || status === 'paused') return [runEnd(run, 'missed')];
  return run.attempts > MAX_ATTEMPTS ? [runEnd(run, 'failed', 'UNAVAILABLE')] : [];
}
