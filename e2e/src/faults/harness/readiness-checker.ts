import type { FaultCluster } from './fault-cluster.ts';

/** What a load balancer knows: the Shields that said that they are ready when they were asked last. */
export interface ReadinessChecker {
  readonly ready: ReadonlySet<number>;
  stop(): Promise<void>;
}

const EVERY_MS = 500;
/** A Shield that stands still takes the connection and says nothing. */
const ANSWER_WITHIN_MS = 1_000;

/** Asks each of the Shields from now on. */
export function startReadinessChecker(bus: FaultCluster, shields: readonly number[]): ReadinessChecker {
  const ready = new Set(shields);
  const asking = new Set<Promise<void>>();
  const ask = async (shield: number): Promise<void> => {
    const { http_url: url = '' } = bus.shields[shield]?.addresses() ?? {};
    const isReady = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    ready[isReady ? 'add' : 'delete'](shield);
  };
  const timer = setInterval(() => {
    for (const shield of shields) {
      const one = ask(shield).finally(() => asking.delete(one));
      asking.add(one);
    }
  }, EVERY_MS);
  return {
    ready,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(asking);
    },
  };
}
