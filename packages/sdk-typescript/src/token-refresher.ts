import { BusError } from '@arqonbus/protocol';
import type { Clock } from './clock.ts';
import type { TokenSource } from './token-source.ts';

/** The least time between two refreshes; a hostile server cannot make the client hammer the token function. */
const MIN_INTERVAL_MS = 10_000;

/** Replaces the session's token before it expires (PRT-6). */
export interface TokenRefresher {
  /** The server says that the token expires soon. Does nothing with a fixed token, or while a refresh is under way. */
  onExpiring(): void;
}

/**
 * A refresher that gets tokens from `tokens` and hands them to `send`. Failures go to `onError`: the session then ends
 * with 4401 in its time, and the next try asks for a token again.
 */
export function createTokenRefresher(
  tokens: TokenSource,
  clock: Clock,
  send: (token: string) => Promise<unknown>,
  onError: (error: BusError) => void,
): TokenRefresher {
  let isUnderWay = false;
  let lastMs = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    try {
      await send(await tokens.renew());
    } catch (thrown) {
      onError(thrown instanceof BusError ? thrown : new BusError('INTERNAL_ERROR', undefined, { cause: thrown }));
    } finally {
      isUnderWay = false;
    }
  }
  return {
    onExpiring() {
      if (!tokens.canRenew || isUnderWay || clock.now() - lastMs < MIN_INTERVAL_MS) return;
      isUnderWay = true;
      lastMs = clock.now();
      void refresh();
    },
  };
}
