import type { StreamState } from '@arqonbus/spine';

/** Why a stream is not the one that it was: made anew, behind what was seen of it, or emptied by somebody. */
export type StreamLoss = 'recreated' | 'regressed' | 'purged';

/** Clocks of NATS and Brains may differ by so much. */
const CLOCK_SKEW_MS = 5_000;

/**
 * What has happened to a stream between two looks at it, beyond what its limits explain (LOG-4). `highSeq` is the highest
 * sequence that anybody has seen of it; `maxAgeMs` how long it keeps messages. An append makes room for itself by at most
 * one older message of its channel, so what appends cannot have evicted must have been old enough to expire.
 */
export function lossOf(
  before: StreamState,
  after: StreamState,
  { highSeq, maxAgeMs, nowMs }: { readonly highSeq: number; readonly maxAgeMs: number; readonly nowMs: number },
): StreamLoss | undefined {
  if (before.created !== after.created) return 'recreated';
  if (after.lastSeq < highSeq) return 'regressed';
  if (before.messages === 0) return undefined;
  const appended = after.lastSeq - before.lastSeq;
  const lost = before.messages + appended - after.messages;
  const expiredBeforeMs = nowMs - maxAgeMs + CLOCK_SKEW_MS;
  if (lost > appended && before.firstAtMs > expiredBeforeMs) return 'purged';
  const isAllGone = after.firstSeq > before.lastSeq;
  return isAllGone && appended < before.messages && before.lastAtMs > expiredBeforeMs ? 'purged' : undefined;
}
