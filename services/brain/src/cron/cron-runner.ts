import { BusError, errorTable } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Claims, CronStore } from '@arqonbus/storage';
import { fireClaims } from './fire-claims.ts';
import type { FireOptions } from './fire-claims.ts';
import { planOccurrences } from './plan-occurrences.ts';

/** What firing needs. */
export interface CronRunnerOptions extends FireOptions {
  readonly store: Pick<CronStore, 'dueTenants' | 'claim' | 'finish'>;
  /** False: nothing can be published now, so nothing is claimed. */
  readonly isConnected: () => boolean;
  /** For how long a claim holds, by the store's clock. Default {@link CLAIM_MS}. */
  readonly claimMs?: number;
  readonly onError: (error: unknown) => void;
}

/** For how long a claim holds. What is published has been answered by {@link PUBLISH_MS}, and whoever takes over comes after. */
export const CLAIM_MS = 3_000;

/** How long the edge may take. */
export const PUBLISH_MS = 2_000;

const MAX_TENANTS = 64;
/** Claims of one tenant come one after the other, so few large ones are quicker than many small ones. */
const CLAIM_LIMIT = 500;
/** What is held in memory: occurrences that are claimed and not ended. */
const MAX_RUNS_UNDER_WAY = 2 * CLAIM_LIMIT;
/** Claims that are fired at the same time; each records its ends in a transaction. */
const MAX_CLAIMS_UNDER_WAY = 8;
/** Who became due while others are fired is looked for as often as where nobody is. */
const LOOK_EVERY_MS = 250;

/** What one run of a {@link CronRunner} has under way. */
interface UnderWay {
  readonly firings: Set<Promise<void>>;
  runs: number;
  /** Tenants for whom nothing could be published: nothing more is claimed in vain, and what is left is claimed again. */
  readonly failed: Set<TenantId>;
}

/**
 * Fires what is due (CRN-2). Every Brain does; the claims in the store give each occurrence to one of them. What a Brain leaves
 * behind that dies is claimed again after {@link CLAIM_MS}, and published under the same id. Tenants take turns, a claim each.
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
    const underWay: UnderWay = { firings: new Set(), runs: 0, failed: new Set() };
    try {
      await this.#fireAll(underWay);
    } catch (error) {
      this.#tell(error);
    } finally {
      await Promise.all(underWay.firings);
    }
  }

  async #fireAll(underWay: UnderWay): Promise<void> {
    const { store, clock } = this.#options;
    let lookedMs = clock.monotonicMs();
    let due = await store.dueTenants(clock.now(), MAX_TENANTS);
    while (due.length > 0) {
      const withMore: TenantId[] = [];
      for (const tenant of due) {
        await makeRoom(underWay);
        if (this.#isClosed) return;
        if (!underWay.failed.has(tenant) && (await this.#claimAndFire(tenant, underWay))) withMore.push(tenant);
      }
      due = withMore;
      if (due.length === 0 || clock.monotonicMs() - lookedMs < LOOK_EVERY_MS) continue;
      lookedMs = clock.monotonicMs();
      due = await store.dueTenants(clock.now(), MAX_TENANTS);
    }
  }

  /** Whether the tenant has more to fire. */
  async #claimAndFire(tenant: TenantId, underWay: UnderWay): Promise<boolean> {
    const { clock } = this.#options;
    const claimedMs = clock.monotonicMs();
    const { runs, hasMore } = await this.#claim(tenant);
    // Who was frozen meanwhile could publish what another has taken over by then.
    if (clock.monotonicMs() - claimedMs > CLAIM_MS - PUBLISH_MS) return false;
    if (runs.length === 0) return hasMore;
    underWay.runs += runs.length;
    const firing: Promise<void> = fireClaims(tenant, runs, this.#options)
      .catch((error: unknown) => {
        underWay.failed.add(tenant);
        this.#tell(error);
      })
      .finally(() => {
        underWay.firings.delete(firing);
        underWay.runs -= runs.length;
      });
    underWay.firings.add(firing);
    return hasMore;
  }

  async #claim(tenant: TenantId): Promise<Claims> {
    const { store, clock, metrics, claimMs = CLAIM_MS } = this.#options;
    const nowMs = clock.now();
    const plan = { nowMs, limit: CLAIM_LIMIT, claimMs };
    const claims = await store.claim(tenant, { ...plan, plan: (job) => planOccurrences(job, nowMs) });
    if (claims.missed > 0) metrics?.missed(claims.missed);
    return claims;
  }

  /** Health tells of a store or a Spine that is down; the next tick tries again. */
  #tell(error: unknown): void {
    if (!(error instanceof BusError) || !errorTable[error.code].isRetryable) this.#options.onError(error);
  }
}

async function makeRoom(underWay: UnderWay): Promise<void> {
  const isFull = (): boolean =>
    underWay.runs > MAX_RUNS_UNDER_WAY - CLAIM_LIMIT || underWay.firings.size >= MAX_CLAIMS_UNDER_WAY;
  while (isFull()) await Promise.race(underWay.firings);
}
