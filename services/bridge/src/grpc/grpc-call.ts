import { EDGE_TIMEOUT_MS, deadlineIn } from '@arqonbus/spine';
import { BusError } from '@arqonbus/protocol';
import { createContextKey } from '@connectrpc/connect';
import type { ContextKey, HandlerContext } from '@connectrpc/connect';
import type { Caller } from '../caller/caller.ts';
import type { CallerRates } from '../caller/caller-rates.ts';
import type { Operation } from '../operations/operation.ts';

/** What is known of a call before its message is read. */
export interface GrpcCall {
  readonly caller: Caller;
  /** Ends the stream of who does not read. */
  readonly cut: () => void;
}

/** Where handlers find it; absent for methods that are for everybody. */
export const callKey: ContextKey<GrpcCall | undefined> = createContextKey<GrpcCall | undefined>(undefined, {
  description: 'the call',
});

/** The call that a handler answers. */
export function callOf({ values }: HandlerContext): GrpcCall {
  const call = values.get(callKey);
  if (call === undefined) throw new BusError('AUTHENTICATION_FAILED');
  return call;
}

/** The operation that a call asks for; it ends when the caller's deadline is over. */
export function operationOf(context: HandlerContext, rates: CallerRates): Operation {
  const { caller } = callOf(context);
  return {
    caller,
    idempotencyKey: context.requestHeader.get('idempotency-key') ?? '',
    deadlineMs: deadlineIn(Math.min(EDGE_TIMEOUT_MS, context.timeoutMs() ?? EDGE_TIMEOUT_MS)),
    charge: (messages) => rates.take(caller, messages),
  };
}
