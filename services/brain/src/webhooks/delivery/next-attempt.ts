/** When further attempts are made. */
export interface AttemptSchedule {
  /** After the first attempt, ms, growing; the last one is the end. */
  readonly offsetsMs: readonly number[];
  /** 0 to 1, the latter never. */
  readonly random: () => number;
}

/** A delivery that has failed. */
export interface FailedAttempt {
  /** Attempts that were made, this one included. */
  readonly attempts: number;
  readonly firstAtMs: number;
  readonly nowMs: number;
  /** What the endpoint asks for; 0 = nothing. */
  readonly retryAfterMs: number;
}

/** Of the time to the attempt before, so that what failed together does not come back together. */
const JITTER = 0.1;
/** However late the first attempts were, the endpoint gets a breath. */
const MIN_DELAY_MS = 1_000;

/**
 * When a failed delivery is tried again; undefined = it was the last time. An endpoint's wish is kept as far as the end of
 * the schedule reaches (WHK-3).
 */
export function nextAttempt(
  { attempts, firstAtMs, nowMs, retryAfterMs }: FailedAttempt,
  { offsetsMs, random }: AttemptSchedule,
): number | undefined {
  const offsetMs = offsetsMs[attempts - 1];
  const endMs = firstAtMs + (offsetsMs.at(-1) ?? 0);
  if (offsetMs === undefined || nowMs >= endMs + MIN_DELAY_MS) return undefined;
  const gapMs = offsetMs - (offsetsMs[attempts - 2] ?? 0);
  const plannedMs = Math.max(firstAtMs + offsetMs + gapMs * JITTER * random(), nowMs + MIN_DELAY_MS);
  const wishedMs = Math.min(nowMs + retryAfterMs, endMs);
  return Math.round(Math.max(plannedMs, wishedMs));
}

/** The span that a `Retry-After` asks for, ms: seconds, or a date; 0 = nothing that can be read. */
export function retryAfterOf(header: string, nowMs: number): number {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}
