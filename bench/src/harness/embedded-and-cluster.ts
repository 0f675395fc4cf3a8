import type { RunOptions } from './benchmark.ts';
import { startEmbeddedBus } from './bus.ts';
import type { Bus } from './bus.ts';
import { isWanted } from './contender.ts';
import type { ContenderPlan } from './contender.ts';
import { startClusterBus } from './start-cluster-bus.ts';

/** A bus, and how it is spoken to. */
export interface BusContender extends ContenderPlan {
  readonly bus: Bus;
}

/** What a plan is called on the bus in one process; on a cluster likewise. */
export const EMBEDDED = 'embedded';
/** One Shield, one Brain and NATS. */
export const CLUSTER = 'cluster';

/** Starts `arqon dev` and the smallest cluster for these plans, each once; gives every wanted plan on both. */
export async function startEmbeddedAndCluster(
  plans: readonly ContenderPlan[],
  { only, profileFolder }: RunOptions,
): Promise<{ readonly contenders: readonly BusContender[]; stop(): Promise<void> }> {
  const embedded = await startEmbeddedBus(profileFolder);
  const cluster = await startClusterBus({ shields: 1, brains: 1, profileFolder });
  const on = (bus: Bus, where: string): BusContender[] =>
    plans.map((plan) => ({ ...plan, name: `${where}, ${plan.name}`, bus }));
  const contenders = [...on(embedded, EMBEDDED), ...on(cluster, CLUSTER)].filter(({ name }) => isWanted(name, only));
  return {
    contenders,
    stop: async () => {
      await Promise.all([embedded.stop(), cluster.stop()]);
    },
  };
}

/** The endpoint of a bus that has one. */
export function onlyEndpoint({ bus }: BusContender): Bus['endpoints'][number] {
  const [endpoint] = bus.endpoints;
  if (endpoint === undefined) throw new Error('the bus has no Shield');
  return endpoint;
}
