import { createTokenBucket } from '@arqonbus/pipeline';
import type { TokenBucket } from '@arqonbus/pipeline';
import type { Limits } from '@arqonbus/protocol';
import { createFairQueue } from './fair-queue.ts';

const GRACE_MS = 50;

/** Decides who may begin a connection, before any of its token is looked at. */
export interface ConnectionAdmission {
  /** Counts one attempt of this address; false = it makes too many, or has too many open. */
  mayTry(ip: string): boolean;
  /**
   * Waits for a place in the Shield's rate of new connections, addresses in turn; false = none within the queue's time, or the Shield is
   * full.
   */
  enter(ip: string): Promise<boolean> | boolean;
  /** Takes one of the address's places; false = it has none left, or the Shield, since several may have been under way at once. */
  opened(ip: string): boolean;
  /** Gives back what `opened` took. */
  closed(ip: string): void;
  /** Forgets addresses that hold nothing and have used nothing lately. */
  sweep(): void;
  /** How many wait for a place in the rate of new connections. */
  waiting(): number;
  /** How many addresses are remembered. */
  addresses(): number;
}

interface IpState {
  readonly attempts: TokenBucket;
  open: number;
}

/**
 * Connections open or under way from one address at most; see "Limits". Sizes are those of one Shield (PRT-27), which has room for
 * `maxOpen` of all addresses.
 */
export function createConnectionAdmission(
  limits: Limits,
  monotonicMs: () => number,
  maxOpen: number = Number.POSITIVE_INFINITY,
): ConnectionAdmission {
  const ips = new Map<string, IpState>();
  let open = 0;
  const rate = createTokenBucket(limits.newConnectionsPerSecond, limits.newConnectionsPerSecond, monotonicMs());
  const queue = createQueue(rate, limits, monotonicMs);
  const of = (ip: string): IpState => {
    const known = ips.get(ip);
    if (known !== undefined) return known;
    const made = {
      attempts: createTokenBucket(limits.newConnectionsPerIpPerSecond, limits.newConnectionsPerIpBurst, monotonicMs()),
      open: 0,
    };
    ips.set(ip, made);
    return made;
  };
  return {
    mayTry: (ip) => {
      const state = of(ip);
      return state.open < limits.connectionsPerIp && state.attempts.take(1, monotonicMs());
    },
    enter: (ip) => (open < maxOpen ? queue.enter(ip) : false),
    waiting: queue.waiting,
    opened: (ip) => {
      const state = of(ip);
      if (open >= maxOpen || state.open >= limits.connectionsPerIp) return false;
      state.open += 1;
      open += 1;
      return true;
    },
    closed: (ip) => {
      of(ip).open -= 1;
      open -= 1;
    },
    sweep: () => {
      for (const [ip, state] of ips) if (state.open === 0 && state.attempts.isFull(monotonicMs())) ips.delete(ip);
    },
    addresses: () => ips.size,
  };
}

/** A queue behind the bucket. Its length is what the rate can serve within the queue's time. */
function createQueue(
  rate: TokenBucket,
  limits: Limits,
  monotonicMs: () => number,
): Pick<ConnectionAdmission, 'enter' | 'waiting'> {
  const maxWaiting = Math.ceil((limits.newConnectionsPerSecond * limits.connectQueueMs) / 1000);
  // Whoever the rate serves at the very end of the time is served.
  const waiting = createFairQueue(maxWaiting, limits.connectQueueMs + GRACE_MS);
  let timer: NodeJS.Timeout | undefined;
  const serve = (): void => {
    timer = undefined;
    while (waiting.size() > 0 && rate.take(1, monotonicMs())) waiting.serve();
    if (waiting.size() > 0) timer = setTimeout(serve, rate.waitMs(1));
  };
  return {
    enter: (ip) => {
      if (waiting.size() === 0 && rate.take(1, monotonicMs())) return true;
      const turn = waiting.wait(ip);
      if (turn === undefined) return false;
      timer ??= setTimeout(serve, rate.waitMs(1));
      return turn;
    },
    waiting: () => waiting.size(),
  };
}
