import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { KEPT_ENDED, KEPT_ENDED_MS, KEPT_RUNS } from './cron-store.ts';
import type {
  ClaimAsk,
  ClaimedRun,
  Claims,
  CronChange,
  CronQuery,
  CronRun,
  CronStore,
  RunEnd,
  StoredCronJob,
} from './cron-store.ts';

interface KeptRun extends CronRun {
  readonly token: number;
  /** Monotonic; of one that is claimed. */
  readonly claimedUntilMs: number;
}

interface KeptJob {
  job: StoredCronJob;
  endedAtMs: number | undefined;
  /** By the moment at which they were due. */
  readonly runs: Map<number, KeptRun>;
  /** Moments of those that are claimed. */
  readonly claimed: Set<number>;
}

/** Schedules in the memory of this process, and gone with it. `monotonicMs` tells when claims run out. */
export function createMemoryCronStore(monotonicMs: () => number): CronStore {
  const store = new MemoryCronStore(monotonicMs);
  return {
    add: async (tenant, job, maxJobs) => store.add(tenant, job, maxJobs),
    get: async (tenant, jobId) => store.of(tenant).get(jobId)?.job,
    list: async (tenant, query) => store.list(tenant, query),
    change: async (tenant, jobId, change, nowMs) => store.change(tenant, jobId, change, nowMs),
    runs: async (tenant, jobId, beforeMs, limit) => store.runs(tenant, jobId, beforeMs, limit),
    dueTenants: async (nowMs, limit) => store.dueTenants(nowMs, limit),
    claim: async (tenant, ask) => store.claim(tenant, ask),
    finish: async (tenant, ends, nowMs) => store.finish(tenant, ends, nowMs),
  };
}

class MemoryCronStore {
  readonly #tenants = new Map<TenantId, Map<string, KeptJob>>();
  readonly #monotonicMs: () => number;
  #lastToken = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  of(tenant: TenantId): Map<string, KeptJob> {
    const known = this.#tenants.get(tenant) ?? new Map<string, KeptJob>();
    this.#tenants.set(tenant, known);
    return known;
  }

  add(tenant: TenantId, job: StoredCronJob, maxJobs: number): void {
    const jobs = this.of(tenant);
    forgetEnded(jobs, job.createdAtMs);
    const running = [...jobs.values()].filter(({ endedAtMs }) => endedAtMs === undefined).length;
    if (running >= maxJobs) throw new BusError('QUOTA_EXCEEDED', 'There are too many jobs.');
    jobs.set(job.jobId, { job, endedAtMs: undefined, runs: new Map(), claimed: new Set() });
  }

  list(tenant: TenantId, { owner, after, limit }: CronQuery): readonly StoredCronJob[] {
    return [...this.of(tenant).values()]
      .map(({ job }) => job)
      .filter((job) => job.jobId > after && (owner === undefined || job.owner === owner))
      .toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1))
      .slice(0, limit);
  }

  change(tenant: TenantId, jobId: string, change: CronChange, nowMs: number): StoredCronJob | undefined {
    const kept = this.of(tenant).get(jobId);
    if (kept === undefined || !change.from.includes(kept.job.status)) return undefined;
    const { status, nextAtMs } = change;
    kept.job = { ...kept.job, status, nextAtMs };
    kept.endedAtMs = status === 'cancelled' ? nowMs : undefined;
    return kept.job;
  }

  runs(tenant: TenantId, jobId: string, beforeMs: number, limit: number): readonly CronRun[] {
    const runs = [...(this.of(tenant).get(jobId)?.runs.values() ?? [])];
    return runs
      .filter(({ dueAtMs }) => dueAtMs < beforeMs)
      .toSorted((a, b) => b.dueAtMs - a.dueAtMs)
      .slice(0, limit)
      .map(({ token: _token, claimedUntilMs: _until, ...run }) => run);
  }

  dueTenants(nowMs: number, limit: number): readonly TenantId[] {
    const isDue = (kept: KeptJob): boolean =>
      isDueNow(kept, nowMs) || isForgotten(kept, nowMs) || this.#lateRuns(kept).length > 0;
    return [...this.#tenants]
      .filter(([, jobs]) => [...jobs.values()].some(isDue))
      .map(([tenant]) => tenant)
      .slice(0, limit);
  }

  claim(tenant: TenantId, ask: ClaimAsk): Claims {
    forgetEnded(this.of(tenant), ask.nowMs);
    const all = [...this.of(tenant).values()];
    const again = all
      .flatMap((kept) => this.#lateRuns(kept).map((run) => ({ kept, run })))
      .slice(0, ask.limit)
      .map(({ kept, run }) => this.#claimRun(kept, kept.job, run, ask));
    const due = all
      .filter((kept) => isDueNow(kept, ask.nowMs))
      .toSorted((a, b) => (a.job.nextAtMs ?? 0) - (b.job.nextAtMs ?? 0))
      .slice(0, ask.limit - again.length);
    const planned = due.map((kept) => this.#claimDue(kept, ask));
    return {
      runs: [...again, ...planned.flatMap(({ runs }) => runs)],
      missed: planned.filter(({ isMissing }) => isMissing).length,
      hasMore: again.length + due.length >= ask.limit,
    };
  }

  finish(tenant: TenantId, ends: readonly RunEnd[], nowMs: number): readonly RunEnd[] {
    return ends.filter(({ jobId, dueAtMs, token, state, code }) => {
      const kept = this.of(tenant).get(jobId);
      const run = kept?.runs.get(dueAtMs);
      if (kept === undefined || run?.token !== token || run.state !== 'claimed') return false;
      kept.runs.set(dueAtMs, { ...run, state, code, endedAtMs: nowMs });
      kept.claimed.delete(dueAtMs);
      trim(kept.runs, run.iteration);
      return true;
    });
  }

  #lateRuns({ runs, claimed }: KeptJob): readonly KeptRun[] {
    if (claimed.size === 0) return [];
    const nowMs = this.#monotonicMs();
    return [...claimed]
      .flatMap((dueAtMs) => runs.get(dueAtMs) ?? [])
      .filter(({ claimedUntilMs }) => claimedUntilMs <= nowMs);
  }

  #claimDue(kept: KeptJob, ask: ClaimAsk): { readonly runs: readonly ClaimedRun[]; readonly isMissing: boolean } {
    const { job } = kept;
    const { fire, missedMs, nextAtMs } = ask.plan(job);
    const fresh = fire.filter((dueAtMs) => !kept.runs.has(dueAtMs));
    kept.job = { ...job, nextAtMs, iteration: job.iteration + fire.length };
    if (nextAtMs === undefined) {
      kept.job = { ...kept.job, status: 'done' };
      kept.endedAtMs = ask.nowMs;
    }
    if (missedMs !== undefined) {
      const missed = { ...blankRun(missedMs, job.iteration), state: 'missed', endedAtMs: ask.nowMs } as const;
      kept.runs.set(missedMs, missed);
    }
    const runs = fresh.map((dueAtMs) =>
      this.#claimRun(kept, job, blankRun(dueAtMs, job.iteration + fire.indexOf(dueAtMs) + 1), ask),
    );
    return { runs, isMissing: missedMs !== undefined };
  }

  #claimRun(kept: KeptJob, job: StoredCronJob, run: KeptRun, { claimMs }: ClaimAsk): ClaimedRun {
    const token = (this.#lastToken += 1);
    const { dueAtMs, iteration } = run;
    const claimedUntilMs = this.#monotonicMs() + claimMs;
    kept.runs.set(dueAtMs, { ...run, state: 'claimed', token, claimedUntilMs, attempts: run.attempts + 1 });
    kept.claimed.add(dueAtMs);
    return { job, dueAtMs, iteration, attempts: run.attempts + 1, token };
  }
}

function blankRun(dueAtMs: number, iteration: number): KeptRun {
  const base = { dueAtMs, iteration, code: '', attempts: 0, endedAtMs: undefined };
  return { ...base, state: 'claimed', token: 0, claimedUntilMs: 0 };
}

function isDueNow({ job }: KeptJob, nowMs: number): boolean {
  return job.status === 'active' && job.nextAtMs !== undefined && job.nextAtMs <= nowMs;
}

function trim(runs: Map<number, KeptRun>, iteration: number): void {
  if (iteration <= KEPT_RUNS) return;
  for (const run of runs.values()) {
    if (run.iteration <= iteration - KEPT_RUNS && run.state !== 'claimed') runs.delete(run.dueAtMs);
  }
}

function forgetEnded(jobs: Map<string, KeptJob>, nowMs: number): void {
  const ended = [...jobs.values()]
    .filter(({ endedAtMs }) => endedAtMs !== undefined)
    .toSorted((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0));
  for (const [index, kept] of ended.entries()) {
    if (index >= KEPT_ENDED || isForgotten(kept, nowMs)) jobs.delete(kept.job.jobId);
  }
}

function isForgotten({ endedAtMs }: KeptJob, nowMs: number): boolean {
  return endedAtMs !== undefined && endedAtMs < nowMs - KEPT_ENDED_MS;
}
