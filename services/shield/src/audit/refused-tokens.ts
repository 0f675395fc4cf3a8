import type { Authenticator } from '@arqonbus/auth';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

/** What counting refused tokens needs. */
export interface RefusedTokensOptions {
  readonly node: string;
  readonly spine: Spine;
  readonly now: () => number;
  readonly monotonicMs: () => number;
}

/** Tokens that were refused, by reason, until the audit module has been told of them (AUD-3). */
export interface RefusedTokens {
  /** The same authenticator, whose refusals are counted. */
  count(authenticator: Authenticator): Authenticator;
  /** Tells what has gathered, once a minute however often it is called. Never rejects: what could not be told is kept. */
  sweep(): Promise<void>;
  /** Tells it now. */
  flush(): Promise<void>;
}

const TELL_EVERY_MS = 60_000;

/** None yet. The reasons are fixed words, so what is kept is bounded. */
export function createRefusedTokens({ node, spine, now, monotonicMs }: RefusedTokensOptions): RefusedTokens {
  const counts = new Map<string, bigint>();
  let sinceMs = now();
  let toldMs = monotonicMs();
  const add = (reason: string, count: bigint): void => void counts.set(reason, (counts.get(reason) ?? 0n) + count);
  const flush = async (): Promise<void> => {
    if (counts.size === 0) return;
    const refusals = [...counts].map(([reason, count]) => ({ reason, count }));
    const request = { node, sinceMs: BigInt(sinceMs), refusals };
    counts.clear();
    try {
      await callBrain(spine, 'audit.refusals', request, deadlineIn(BRAIN_TIMEOUT_MS));
      sinceMs = now();
    } catch {
      // They are told with the next ones.
      for (const { reason, count } of refusals) add(reason, count);
    }
  };
  return {
    count: (authenticator) => ({
      authenticate: async (token) => {
        const result = await authenticator.authenticate(token);
        // Where nobody could look at it, the token was not refused.
        if (!result.ok && result.code !== 'UNAVAILABLE') add(result.reason, 1n);
        return result;
      },
    }),
    sweep: async () => {
      if (monotonicMs() - toldMs < TELL_EVERY_MS) return;
      toldMs = monotonicMs();
      await flush();
    },
    flush,
  };
}
