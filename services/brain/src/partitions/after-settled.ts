/** A handler of requests to a partition that answers once what is known there is true. */
export function afterSettled<Parts extends { readonly whenSettled: () => Promise<void> }, Request, Result>(
  parts: Parts,
  handler: (parts: Parts, request: Request) => Promise<Result> | Result,
): (request: Request) => Promise<Result> {
  return async (request) => {
    await parts.whenSettled();
    return handler(parts, request);
  };
}
