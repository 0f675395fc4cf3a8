/** Runs deliveries: at once when little goes on, together when much does. */
export interface Coalescer<T> {
  push(item: T): void;
  /** Delivers what is held, now. */
  flush(): void;
}

/** How long and how much may be held. */
export interface CoalescerOptions<T> {
  readonly deliver: (item: T) => void;
  readonly holdMs: number;
  readonly maxHeld: number;
  readonly monotonicMs: () => number;
}

/**
 * What costs is the number of writes, not of messages: frames that leave a socket in the same turn share one write.
 * An item is delivered at once when nothing was delivered in the last `holdMs`; else it waits, with all that come
 * meanwhile, for at most about `holdMs`. One timer serves all that is held (ARC-14).
 */
export function createCoalescer<T>(options: CoalescerOptions<T>): Coalescer<T> {
  const { deliver, holdMs, maxHeld, monotonicMs } = options;
  let held: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lastDeliveryMs = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    lastDeliveryMs = monotonicMs();
    const items = held;
    held = [];
    for (const item of items) deliver(item);
  };

  return {
    flush,
    push: (item) => {
      if (held.length === 0) {
        const nowMs = monotonicMs();
        if (nowMs - lastDeliveryMs >= holdMs) {
          lastDeliveryMs = nowMs;
          deliver(item);
          return;
        }
        timer = setTimeout(flush, holdMs);
      }
      held.push(item);
      if (held.length >= maxHeld) flush();
    },
  };
}
