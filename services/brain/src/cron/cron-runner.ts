import { BusError, errorTable } from '@arqonbus/protocol';
import type { Clock, TenantId } from '@arqonbus/protocol';
import type { ClaimedRun, CronStore, RunEnd } from '@arqonbus/storage';
import type { CronMetrics } from './cron-metrics.ts';
import { planOccurrences } from './plan-occurrences.ts';
import { batchesOf, publishOccurrences, runEnd } from './publish-occurrences.ts';
import type { PublishAtEdge } from './publish-occurrences.ts';

/** What firing needs. */
export interface CronRunnerOptions {
  readonly store: Pick<CronStore, 'dueTenants' | 'claim' | 'finish'>;
  readonly publish: PublishAtEdge;
  readonly clock: Clock;
  /** False: nothing can be published now, so nothing is claimed. */
  readonly isConnected: () => boolean;
  /** For how long a claim holds, by the store's clock. Default {@link CLAIM_MS}. */
  readonly claimMs?: number;
  readonly metrics?: CronMetrics | undefined;
  readonly onError: (error: unknown) => void;
}

/** For how long a claim holds. What is published has been answered by {@link PUBLISH_MS}, and whoever takes over comes after. */
export const CLAIM_MS = 3_000;

/** How long the edge may take. */
export const PUBLISH_MS = 2_000;

const MAX_TENANTS = 64;
/** Claims of one tenant come one after the other, so few large ones are quicker than many small ones. */
const CLAIM_LIMIT = 500;
/** Claims of one run that are published at the same time. */
const MAX_UNDER_WAY = 2;
/** What cannot be published is tried again after each claim: for about an hour. */
const MAX_ATTEMPTS = 1_200;

/**
 * Fires what is due (CRN-2). Every Brain does; the claims in the store give each occurrence to one of them. What a Brain leaves
 * behind that dies is claimed again after {@link CLAIM_MS}, and published under the same id.
 */
export class CronRunner {
  readonly #options: CronRunnerOptions;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: CronRunnerOptions) {
    this.#options = options;
  }

  /** Fires all that is due; who calls while it does waits for that. Never rejects. */
  async tick(): Promise<void> {
    if (this.#isClosed || !this.#options.isConnected()) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Claims nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, clock } = this.#options;
    try {
      for (const tenant of await store.dueTenants(clock.now(), MAX_TENANTS)) await this.#fireTenant(tenant);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Health tells of a store or a Spine that is down; the next tick tries again. */
  #tell(error: unknown): void {
    if (!(error instanceof BusError) || !errorTable[error.code].isRetryable) this.#options.onError(error);
  }

  async #fireTenant(tenant: TenantId): Promise<void> {
    const { clock } = this.#options;
    const underWay = new Set<Promise<void>>();
    let isEdgeThere = true;
    try {
      while (isEdgeThere && !this.#isClosed) {
        const claimedMs = clock.monotonicMs();
        const runs = await this.#claim(tenant);
        if (runs.length === 0) break;
        // Who was frozen meanwhile could publish what another has taken over by then.
        if (clock.monotonicMs() - claimedMs > CLAIM_MS - PUBLISH_MS) break;
        const firing: Promise<void> = this.#fire(tenant, runs)
          .catch((error: unknown) => {
            // Nothing is claimed in vain while no Shield answers: what is left is claimed again.
            isEdgeThere = false;
            this.#tell(error);
          })
          .finally(() => underWay.delete(firing));
        underWay.add(firing);
        if (underWay.size >= MAX_UNDER_WAY) await Promise.race(underWay);
      }
    } finally {
      await Promise.all(underWay);
    }
  }

  async #claim(tenant: TenantId): Promise<readonly ClaimedRun[]> {
    const { store, clock, metrics, claimMs = CLAIM_MS } = this.#options;
    const nowMs = clock.now();
    const { runs, missed } = await store.claim(tenant, {
      nowMs,
      limit: CLAIM_LIMIT,
      claimMs,
      plan: (job) => planOccurrences(job, nowMs),
    });
    if (missed > 0) metrics?.missed(missed);
    return runs;
  }

  async #fire(tenant: TenantId, runs: readonly ClaimedRun[]): Promise<void> {
    const over = runs.flatMap(endOfOver);
    const live = runs.filter((run) => endOfOver(run).length === 0);
    await this.#finish(tenant, over);
    const batches = batchesOf(live).map(async (batch) => {
      const ends = await publishOccurrences(tenant, batch, this.#options.publish);
      await this.#finish(tenant, ends);
    });
    const outcomes = await Promise.allSettled(batches);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  async #finish(tenant: TenantId, ends: readonly RunEnd[]): Promise<void> {
    const { store, clock, metrics } = this.#options;
    if (ends.length === 0) return;
    const nowMs = clock.now();
    const recorded = await store.finish(tenant, ends, nowMs);
    if (recorded < ends.length) metrics?.overtaken(ends.length - recorded);
    for (const { state, dueAtMs } of ends) {
      if (state === 'fired') metrics?.fired(Math.max(0, nowMs - dueAtMs));
      else if (state === 'refused') metrics?.refused();
      else if (state === 'failed') metrics?.failed();
    }
  }
}

/** What is claimed again may be of a job that somebody ended meanwhile, or have been tried for long enough. */
function endOfOver(run: ClaimedRun): readonly RunEnd[] {
  const { status } = run.job;
  if (status === 'cancelled' || status === 'paused') return [runEnd(run, 'missed')];
  return run.attempts > MAX_ATTEMPTS ? [runEnd(run, 'failed', 'UNAVAILABLE')] : [];
}
