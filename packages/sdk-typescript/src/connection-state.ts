import type { BusError } from '@arqonbus/protocol';
import type { RetryWait } from './retry-timer.ts';
import type { Welcome } from './welcome.ts';

/** Waiting for the next try, `delayMs` from the moment in which this state was told. */
export interface WaitingState {
  readonly kind: 'waiting';
  readonly failures: number;
  readonly delayMs: number;
  /** Why the last connection, or the last try for one, ended. */
  readonly error: BusError;
  /** There while the platform says that there is no network: the next try comes shortly after it is back. */
  readonly isOffline?: true;
}

/** Where the client stands. `failures` counts the tries that failed in a row. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly failures: number }
  | { readonly kind: 'connected'; readonly failures: number; readonly sinceMs: number; readonly welcome: Welcome }
  | WaitingState
  | { readonly kind: 'closed'; readonly error: BusError | undefined };

/** What moves the client from one state to the next. */
export type ConnectionEvent =
  | { readonly kind: 'connect' }
  | { readonly kind: 'welcomed'; readonly atMs: number; readonly welcome: Welcome }
  | { readonly kind: 'lost'; readonly failures: number; readonly wait: RetryWait; readonly error: BusError }
  | { readonly kind: 'rescheduled'; readonly wait: RetryWait }
  | { readonly kind: 'retry' }
  | { readonly kind: 'stop'; readonly error: BusError | undefined };

/** Where every client begins. */
export const IDLE: ConnectionState = { kind: 'idle' };

/** The state after `event`; `state` itself when the event means nothing there. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.kind) {
    case 'connect':
      return state.kind === 'idle' || state.kind === 'closed' ? { kind: 'connecting', failures: 0 } : state;
    case 'welcomed':
      if (state.kind !== 'connecting') return state;
      return { kind: 'connected', failures: state.failures, sinceMs: event.atMs, welcome: event.welcome };
    case 'lost':
      if (state.kind !== 'connecting' && state.kind !== 'connected') return state;
      return waiting(event.failures, event.error, event.wait);
    case 'rescheduled':
      return state.kind === 'waiting' ? waiting(state.failures, state.error, event.wait) : state;
    case 'retry':
      return state.kind === 'waiting' ? { kind: 'connecting', failures: state.failures } : state;
    case 'stop':
      return state.kind === 'closed' ? state : { kind: 'closed', error: event.error };
  }
}

/** A connection that lasted this long was a good one: the count of failures begins anew. */
export const STABLE_AFTER_MS = 10_000;

/**
 * The count of failures once a connection or a try for one, that ended at `nowMs`, is counted too. A try without a
 * network (`isOffline`) tells nothing about the server and is not counted.
 */
export function failuresAfterLoss(state: ConnectionState, nowMs: number, isOffline: boolean): number {
  if (state.kind === 'connected') return nowMs - state.sinceMs >= STABLE_AFTER_MS ? 1 : state.failures + 1;
  if (state.kind !== 'connecting') return 1;
  return isOffline ? Math.max(state.failures, 1) : state.failures + 1;
}

function waiting(failures: number, error: BusError, { delayMs, isOffline }: RetryWait): WaitingState {
  return { kind: 'waiting', failures, delayMs, error, ...(isOffline ? { isOffline } : {}) };
}
