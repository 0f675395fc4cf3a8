import type { Projected } from './project-all.ts';

/** How many events had which outcome. */
export interface OutcomeCounts {
  selected: bigint;
  projected: bigint;
  duplicates: bigint;
  staleRejected: bigint;
  dlqQueued: bigint;
}

/** Counts of nothing. */
export function noCounts(): OutcomeCounts {
  return { selected: 0n, projected: 0n, duplicates: 0n, staleRejected: 0n, dlqQueued: 0n };
}

/** Counts outcomes, beside those that were counted before. */
export function countsOf(
  results: readonly Pick<Projected, 'status'>[],
  counts: OutcomeCounts = noCounts(),
): OutcomeCounts {
  for (const { status } of results) {
    counts.selected += 1n;
    if (status === 'projected') counts.projected += 1n;
    else if (status === 'duplicate') counts.duplicates += 1n;
    else if (status === 'stale_rejected') counts.staleRejected += 1n;
    else counts.dlqQueued += 1n;
  }
  return counts;
}
