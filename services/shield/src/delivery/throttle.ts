/** Runs asynchronous calls, so many at once; the others wait in their order. */
export type Throttle = <T>(call: () => Promise<T>) => Promise<T>;

/** A throttle that lets `limit` calls run at once. */
export function createThrottle(limit: number): Throttle {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    if (running >= limit) await new Promise<void>((resolve) => void waiting.push(resolve));
    else running += 1;
    try {
      return await call();
    } finally {
      // Who waits takes the place over.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
