import { createTokenBucket } from '@arqonbus/pipeline';
import type { TokenBucket } from '@arqonbus/pipeline';
import { BusError } from '@arqonbus/protocol';
import type { Caller } from './caller.ts';

/** Holds each caller to a rate at this Bridge, beside what its tenant is held to (PRT-23). */
export interface CallerRates {
  /** Takes so many messages or commands; throws `RATE_LIMITED`. */
  take(caller: Caller, messages: number): void;
  /** Forgets callers that have sent nothing lately. */
  sweep(): void;
}

/** Full rates; a caller is a user of a tenant. */
export function createCallerRates(perSecond: number, monotonicMs: () => number): CallerRates {
  const buckets = new Map<string, TokenBucket>();
  return {
    take: ({ principal: { tenant, user } }, messages) => {
      const nowMs = monotonicMs();
      const key = `${tenant}/${user}`;
      const bucket = buckets.get(key) ?? createTokenBucket(perSecond, perSecond, nowMs);
      buckets.set(key, bucket);
      if (bucket.take(messages, nowMs)) return;
      throw new BusError('RATE_LIMITED', undefined, { details: { retry_after_ms: bucket.waitMs(messages) } });
    },
    sweep: () => {
      const nowMs = monotonicMs();
      for (const [key, bucket] of buckets) if (bucket.isFull(nowMs)) buckets.delete(key);
    },
  };
}
