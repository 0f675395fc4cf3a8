import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEPT_RUNS, TRIM_EVERY } from './cron-store.ts';
import type { ClaimAsk, ClaimedRun, CronPlan, CronRun, CronStore, RunEnd, StoredCronJob } from './cron-store.ts';

/** A store under test. `pass` lets that much time go by on the clock by which claims run out. */
export interface OpenedCronStore {
  readonly store: CronStore;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Long before the clock of any store. */
const NOW_MS = Date.parse('2025-11-26T07:00:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MANY = 1_000;
/** Runs out as good as at once. */
const SHORT_MS = 1;
/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;
let counter = 0;

function job(more: Partial<StoredCronJob> = {}): StoredCronJob {
  return {
    jobId: `c_${String((counter += 1)).padStart(6, '0')}`,
    owner: 'auth0|5f 0c*>.~=',
    principal: new Uint8Array([0, 1, 254, 255]),
    name: 'Größe \u{1f680}',
    room: 'science',
    channel: 'general',
    payload: new TextEncoder().encode('{"n":12345678901234567890,"text":"\\u0000 🚀"}'),
    expression: '',
    timezone: '',
    startAtMs: NOW_MS,
    everyMs: HOUR_MS,
    repeatCount: 0,
    misfire: 'once',
    status: 'active',
    iteration: 0,
    nextAtMs: NOW_MS,
    createdAtMs: NOW_MS - 1,
    ...more,
  };
}

/** Fires at the moment for which the job waits, and comes again every hour. */
const hourly = ({ nextAtMs = 0 }: StoredCronJob): CronPlan => ({
  fire: [nextAtMs],
  missedMs: undefined,
  nextAtMs: nextAtMs + HOUR_MS,
});

const endOf = ({ job: { jobId }, dueAtMs, token }: ClaimedRun, more: Partial<RunEnd> = {}): RunEnd => ({
  jobId,
  dueAtMs,
  token,
  state: 'fired',
  code: '',
  ...more,
});

/** What every {@link CronStore} does (ARC-7). */
export function describeCronStore(name: string, open: () => Promise<OpenedCronStore>): void {
  describe(`CronStore: ${name}`, () => {
    let opened: OpenedCronStore;
    let store: CronStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    }, OPEN_TIMEOUT_MS);
    beforeEach(() => {
      tenant = `t-${(counter += 1)}` as TenantId;
      other = `t-${(counter += 1)}` as TenantId;
    });
    afterAll(() => opened.close());

    const add = async (more: Partial<StoredCronJob> = {}): Promise<StoredCronJob> => {
      const made = job(more);
      await store.add(tenant, made, MANY);
      return made;
    };
    const ask = (more: Partial<ClaimAsk> = {}): ClaimAsk => ({
      nowMs: NOW_MS,
      limit: 100,
      claimMs: 60_000,
      plan: hourly,
      ...more,
    });
    const claim = async (more: Partial<ClaimAsk> = {}): Promise<readonly ClaimedRun[]> =>
      (await store.claim(tenant, ask(more))).runs;
    const runsOf = (jobId: string): Promise<readonly CronRun[]> =>
      store.runs(tenant, jobId, Number.MAX_SAFE_INTEGER / 2, MANY);
    const finish = async (ends: readonly RunEnd[]): Promise<number> =>
      (await store.finish(tenant, ends, NOW_MS)).length;

    it('[CRN-1] keeps a job as it was given', async () => {
      const made = await add({ expression: '*/5 * * * *', timezone: 'Europe/Berlin', repeatCount: 7, misfire: 'all' });
      expect(await store.get(tenant, made.jobId)).toEqual(made);
      expect(await store.get(tenant, 'c_none')).toBeUndefined();
    });

    it('[CRN-1] [PRD-4] shows a job to its tenant alone, and lets no other change or claim it', async () => {
      const made = await add();
      expect(await store.get(other, made.jobId)).toBeUndefined();
      expect(await store.list(other, { owner: undefined, after: '', limit: MANY })).toEqual([]);
      const cancel = { status: 'cancelled', nextAtMs: undefined, from: ['active'] } as const;
      expect(await store.change(other, made.jobId, cancel, NOW_MS)).toBeUndefined();
      expect((await store.claim(other, ask())).runs).toEqual([]);
      expect(await store.runs(other, made.jobId, NOW_MS, MANY)).toEqual([]);
      expect(await store.get(tenant, made.jobId)).toEqual(made);
    });

    it('[CRN-1] [PRT-22] lists by owner, from where it is asked to', async () => {
      const [first, second, foreign] = [await add(), await add(), await add({ owner: 'bob' })];
      const ids = async (owner: string | undefined, after = '', limit = MANY): Promise<readonly string[]> =>
        (await store.list(tenant, { owner, after, limit })).map(({ jobId }) => jobId);
      expect(await ids(undefined)).toEqual([first.jobId, second.jobId, foreign.jobId]);
      expect(await ids('bob')).toEqual([foreign.jobId]);
      expect(await ids(first.owner, first.jobId)).toEqual([second.jobId]);
      expect(await ids(undefined, '', 1)).toEqual([first.jobId]);
    });

    it('[CRN-1] [PRD-5] refuses one job too many, also of many at once; those that are over do not count', async () => {
      const asked = ['a', 'b', 'c', 'd'].map((owner) => store.add(tenant, job({ owner }), 2));
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      await expect(store.add(tenant, job(), 2)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      const [made] = await store.list(tenant, { owner: undefined, after: '', limit: 1 });
      const cancel = { status: 'cancelled', nextAtMs: undefined, from: ['active'] } as const;
      await store.change(tenant, made?.jobId ?? '', cancel, NOW_MS);
      await store.add(tenant, job(), 2);
    });

    it('[CRN-1] changes a job in the states that were named, and only then', async () => {
      const made = await add();
      const pause = { status: 'paused', nextAtMs: undefined, from: ['active'] } as const;
      expect(await store.change(tenant, made.jobId, pause, NOW_MS)).toMatchObject({ status: 'paused' });
      expect(await store.change(tenant, made.jobId, pause, NOW_MS)).toBeUndefined();
      expect(await claim()).toEqual([]);
      const resume = { status: 'active', nextAtMs: NOW_MS, from: ['paused'] } as const;
      expect(await store.change(tenant, made.jobId, resume, NOW_MS)).toEqual(made);
      expect(await claim()).toHaveLength(1);
    });

    it('[CRN-2] tells which tenants have something to fire, until it is claimed', async () => {
      await add({ nextAtMs: NOW_MS + 1 });
      const isDue = async (nowMs: number): Promise<boolean> => (await store.dueTenants(nowMs, MANY)).includes(tenant);
      expect([await isDue(NOW_MS), await isDue(NOW_MS + 1)]).toEqual([false, true]);
      const runs = await claim({ nowMs: NOW_MS + 1 });
      await finish(runs.map((run) => endOf(run)));
      expect([await isDue(NOW_MS + 1), await isDue(NOW_MS + 1 + HOUR_MS)]).toEqual([false, true]);
      await add({ nextAtMs: NOW_MS });
      expect(await isDue(NOW_MS)).toBe(true);
    });

    it('[CRN-2] makes each occurrence once, and moves the job on', async () => {
      const made = await add();
      await add({ nextAtMs: NOW_MS + 2 * HOUR_MS });
      const [run, ...more] = await claim();
      expect(more).toEqual([]);
      expect(run).toMatchObject({ job: made, dueAtMs: NOW_MS, iteration: 1 });
      expect(await claim()).toEqual([]);
      expect(await store.get(tenant, made.jobId)).toEqual({ ...made, iteration: 1, nextAtMs: NOW_MS + HOUR_MS });
      expect(await finish([endOf(run as ClaimedRun)])).toBe(1);
      const [second] = await claim({ nowMs: NOW_MS + HOUR_MS });
      expect(second).toMatchObject({ dueAtMs: NOW_MS + HOUR_MS, iteration: 2 });
    });

    it('[CRN-2] [BRN-1] gives each occurrence to one of many that claim at once', async () => {
      for (let count = 0; count < 5; count += 1) await add();
      const claims = await Promise.all(Array.from({ length: 6 }, () => claim({ limit: 2 })));
      const later = [await claim(), await claim()];
      const all = [...claims, ...later].flat().map(({ job: { jobId } }) => jobId);
      expect([all.length, new Set(all).size]).toEqual([5, 5]);
    });

    it('[CRN-2] tells whether there may be more to claim, and stays due until there is not', async () => {
      await add();
      await add();
      const isDue = async (): Promise<boolean> => (await store.dueTenants(NOW_MS, MANY)).includes(tenant);
      const first = await store.claim(tenant, ask({ limit: 1 }));
      expect([first.runs.length, first.hasMore, await isDue()]).toEqual([1, true, true]);
      const rest = await store.claim(tenant, ask({ limit: 2 }));
      expect([rest.runs.length, rest.hasMore, await isDue()]).toEqual([1, false, false]);
    });

    it('[CRN-2] [ARC-3] lets another take over what was not ended in time, and refuses the first by its token', async () => {
      const made = await add();
      const [first] = await claim({ claimMs: SHORT_MS });
      await opened.pass(SHORT_MS);
      expect(await store.dueTenants(Date.now() + HOUR_MS, MANY)).toContain(tenant);
      const [second] = await claim();
      expect(second).toMatchObject({ dueAtMs: NOW_MS, iteration: 1 });
      expect(second?.token).toBeGreaterThan(first?.token ?? Number.POSITIVE_INFINITY);
      expect(await finish([endOf(first as ClaimedRun, { state: 'failed' })])).toBe(0);
      expect(await runsOf(made.jobId)).toMatchObject([{ state: 'claimed', attempts: 2, endedAtMs: undefined }]);
      expect(await finish([endOf(second as ClaimedRun)])).toBe(1);
      expect(await finish([endOf(second as ClaimedRun)])).toBe(0);
      await opened.pass(SHORT_MS);
      expect(await claim()).toEqual([]);
      expect(await runsOf(made.jobId)).toMatchObject([{ state: 'fired', attempts: 2, endedAtMs: NOW_MS }]);
    });

    it('[CRN-2] [ARC-3] tells which ends were recorded, also where two claims of one occurrence end at once', async () => {
      await add();
      await add();
      const [lost, kept] = await claim({ claimMs: SHORT_MS });
      expect(await finish([endOf(kept as ClaimedRun)])).toBe(1);
      await opened.pass(SHORT_MS);
      const [again] = await claim();
      const ends = [kept, lost, again].map((run) => endOf(run as ClaimedRun));
      // The first is under way while the others come, which are then recorded together.
      const recorded = await Promise.all(ends.map((end) => store.finish(tenant, [end], NOW_MS)));
      expect(recorded).toEqual([[], [], [ends[2]]]);
    });

    it('[CRN-2] claims what was left before anything new', async () => {
      await add();
      const [left] = await claim({ claimMs: SHORT_MS });
      await add();
      await opened.pass(SHORT_MS);
      const [again, ...more] = await claim({ limit: 1 });
      expect([again?.job.jobId, more]).toEqual([left?.job.jobId, []]);
    });

    it('[CRN-2] records what is refused, and what was missed', async () => {
      const made = await add();
      const [run] = await claim({
        plan: () => ({ fire: [NOW_MS - 5], missedMs: NOW_MS - 4, nextAtMs: NOW_MS + HOUR_MS }),
      });
      await finish([endOf(run as ClaimedRun, { state: 'refused', code: 'AUTHORIZATION_ERROR' })]);
      expect(await runsOf(made.jobId)).toEqual([
        { dueAtMs: NOW_MS - 4, iteration: 0, state: 'missed', code: '', attempts: 0, endedAtMs: NOW_MS },
        {
          dueAtMs: NOW_MS - 5,
          iteration: 1,
          state: 'refused',
          code: 'AUTHORIZATION_ERROR',
          attempts: 1,
          endedAtMs: NOW_MS,
        },
      ]);
      expect(await store.runs(tenant, made.jobId, NOW_MS - 4, MANY)).toHaveLength(1);
    });

    it('[CRN-1] is done where nothing comes after', async () => {
      const made = await add();
      const [run] = await claim({ plan: () => ({ fire: [NOW_MS], missedMs: undefined, nextAtMs: undefined }) });
      expect(await store.get(tenant, made.jobId)).toMatchObject({ status: 'done', iteration: 1, nextAtMs: undefined });
      expect(await finish([endOf(run as ClaimedRun)])).toBe(1);
      expect(await claim({ nowMs: NOW_MS + HOUR_MS })).toEqual([]);
    });

    it('[CRN-2] keeps the newest occurrences of a job', async () => {
      const made = await add();
      const moments = Array.from({ length: KEPT_RUNS + 3 * TRIM_EVERY }, (_, index) => NOW_MS + index);
      const runs = await claim({ plan: () => ({ fire: moments, missedMs: undefined, nextAtMs: NOW_MS + HOUR_MS }) });
      await finish(runs.map((run) => endOf(run)));
      const kept = await runsOf(made.jobId);
      expect(kept.length).toBeGreaterThanOrEqual(KEPT_RUNS);
      expect(kept.length).toBeLessThanOrEqual(KEPT_RUNS + TRIM_EVERY);
      expect(kept[0]?.iteration).toBe(moments.length);
    });

    it('[CRN-1] [T-15] forgets them also of a tenant that makes no more, which is due for that', async () => {
      const [over, done] = [await add({ nextAtMs: NOW_MS + HOUR_MS }), await add()];
      const cancel = { status: 'cancelled', nextAtMs: undefined, from: ['active'] } as const;
      await store.change(tenant, over.jobId, cancel, NOW_MS + 1);
      await claim({ plan: () => ({ fire: [], missedMs: undefined, nextAtMs: undefined }) });
      const isDue = async (nowMs: number): Promise<boolean> => (await store.dueTenants(nowMs, MANY)).includes(tenant);
      const kept = async (): Promise<readonly unknown[]> =>
        Promise.all([over, done].map(async ({ jobId }) => (await store.get(tenant, jobId))?.status));
      expect([await isDue(NOW_MS + DAY_MS), await isDue(NOW_MS + DAY_MS + 1)]).toEqual([false, true]);
      await claim({ nowMs: NOW_MS + DAY_MS + 1 });
      expect([await kept(), await isDue(NOW_MS + DAY_MS + 1)]).toEqual([['cancelled', undefined], false]);
      expect(await isDue(NOW_MS + DAY_MS + 2)).toBe(true);
      await claim({ nowMs: NOW_MS + DAY_MS + 2 });
      expect([await kept(), await isDue(NOW_MS + 10 * DAY_MS)]).toEqual([[undefined, undefined], false]);
    });

    it('[CRN-1] forgets jobs that have been over for a day', async () => {
      const made = await add();
      const cancel = { status: 'cancelled', nextAtMs: undefined, from: ['active'] } as const;
      await store.change(tenant, made.jobId, cancel, NOW_MS);
      await add({ createdAtMs: NOW_MS + 24 * HOUR_MS });
      expect(await store.get(tenant, made.jobId)).toMatchObject({ status: 'cancelled' });
      await add({ createdAtMs: NOW_MS + 24 * HOUR_MS + 1 });
      expect(await store.get(tenant, made.jobId)).toBeUndefined();
    });
  });
}
