import { BusError } from '@arqonbus/protocol';

/** A handler of requests to a partition that answers once what is known there is true, unless nobody waits any more. */
export function afterSettled<Parts extends { readonly whenSettled: () => Promise<void> }, Request, Result>(
  parts: Parts,
  handler: (parts: Parts, request: Request) => Promise<Result> | Result,
): (request: Request, deadlineMs: number) => Promise<Result> {
  return async (request, deadlineMs) => {
    await parts.whenSettled();
    if (deadlineMs <= performance.now()) throw new BusError('TIMEOUT');
    return handler(parts, request);
  };
}
