import type { CronPlan, StoredCronJob } from '@arqonbus/storage';
import { nextOccurrence } from './next-occurrence.ts';

/** What is later than this was missed, and `misfire` says what becomes of it; what is less late just fires. */
export const MISSED_AFTER_MS = 60_000;

/** Missed occurrences of one job that `all` fires, at most. */
export const MAX_MISSED = 100;

/**
 * What is to be done about a job that is due at `nowMs` (CRN-2). Of what was missed, `skip` fires nothing, `once` the first and
 * `all` the first {@link MAX_MISSED}; the rest is given up. What is not missed fires, one by one.
 */
export function planOccurrences(job: StoredCronJob, nowMs: number): CronPlan {
  const limit = job.repeatCount === 0 ? Infinity : job.repeatCount - job.iteration;
  const missedBeforeMs = nowMs - MISSED_AFTER_MS;
  const fire: number[] = [];
  let missedMs: number | undefined;
  let nextMs = job.nextAtMs;
  while (nextMs !== undefined && nextMs <= nowMs && fire.length < limit) {
    if (nextMs >= missedBeforeMs || fire.length < missedLimit(job)) {
      fire.push(nextMs);
      nextMs = nextOccurrence(job, nextMs);
    } else {
      missedMs = nextMs;
      nextMs = nextOccurrence(job, missedBeforeMs - 1);
    }
  }
  const isOver = job.repeatCount !== 0 && job.iteration + fire.length >= job.repeatCount;
  return { fire, missedMs, nextAtMs: isOver ? undefined : nextMs };
}

function missedLimit({ misfire }: StoredCronJob): number {
  switch (misfire) {
    case 'skip':
      return 0;
    case 'once':
      return 1;
    case 'all':
      return MAX_MISSED;
  }
}
