import { afterClose } from '@arqonbus/protocol';
import { backoffDelay, boundHint } from './backoff.ts';
import type { ConnectionEnd } from './close-error.ts';

/** What to do after the end of a connection. */
export type Reaction =
  | { readonly kind: 'stop' }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      /** The part of the wait that the server asked for: nothing cuts it short. */
      readonly askedForMs: number;
      readonly needsNewToken: boolean;
    };

/** What the reaction depends on besides the end itself. */
export interface ReactionContext {
  /** Tries that failed in a row, this one included. */
  readonly failures: number;
  readonly nowMs: number;
  readonly canRenewToken: boolean;
  /** The token had been fetched for this very try. */
  readonly wasTokenFresh: boolean;
  readonly random: () => number;
}

/** The wait after 4429 when the server named none. */
const RATE_WAIT_MS = 1_000;

/**
 * Decides after the table of close codes. After 4401 another try needs another token: with a fixed token, and when a
 * token fetched for this try was refused, the client stops, so there is no loop of refused tokens. After 1006 before
 * the welcome a new token is asked for as well, because a browser cannot see why an upgrade was refused.
 */
export function reactToEnd(end: ConnectionEnd, context: ReactionContext): Reaction {
  const after = afterClose(end.code);
  if (after === 'stop') return { kind: 'stop' };
  if (after === 'reconnect_with_new_token') {
    const wasRefusedFresh = context.wasTokenFresh && !end.wasWelcomed;
    if (!context.canRenewToken || wasRefusedFresh) return { kind: 'stop' };
  }
  const askedForMs = boundHint(Math.max(end.returnAtMs - context.nowMs, end.code === 4429 ? RATE_WAIT_MS : 0));
  const isBlindRefusal = end.code === 1006 && !end.wasWelcomed;
  return {
    kind: 'retry',
    delayMs: backoffDelay(context.failures, askedForMs, context.random),
    askedForMs,
    needsNewToken: after === 'reconnect_with_new_token' || isBlindRefusal,
  };
}
