import type { FaultCluster } from '../faults/harness/fault-cluster.ts';
import { startFaultCluster } from '../faults/harness/fault-cluster.ts';
import { startBalancer } from '../faults/harness/balancer.ts';
import type { Balancer } from '../faults/harness/balancer.ts';

/** A cluster with one address before its Shields, as an operator runs one. */
export interface DrilledBus extends FaultCluster {
  readonly balancer: Balancer;
  /** Every value of a metric, over all processes that run and all its labels. */
  gauges(name: string): Promise<readonly number[]>;
}

/** Starts one with a Postgres of its own; channels of the room `kept` have a log, others none. */
export async function startDrilledBus(env: Readonly<Record<string, string>>, natsConfig = ''): Promise<DrilledBus> {
  const rules = [
    { pattern: 'kept:*', profile: 'default' },
    { pattern: '*:*', profile: 'live' },
  ];
  const settings = { ARQONBUS_LOG_RULES: JSON.stringify(rules), ...env };
  const cluster = await startFaultCluster(settings, natsConfig, 'own');
  const running = (): readonly number[] =>
    cluster.shields.flatMap((shield, number) => (shield.isRunning() ? [cluster.port(number)] : []));
  const balancer = await startBalancer(running, true);
  return {
    ...cluster,
    balancer,
    gauges: async (name) => {
      const services = [...cluster.shields, ...cluster.brains].filter((service) => service.isRunning());
      const texts = await Promise.all(services.map((service) => scrape(service.addresses()['http_url'] ?? '')));
      return texts.flatMap((text) => valuesOf(text, name));
    },
    stop: async () => {
      await balancer.stop();
      await cluster.stop();
    },
  };
}

/** What a process shows; nothing where it does not answer. */
async function scrape(httpUrl: string): Promise<string> {
  try {
    return await (await fetch(`${httpUrl}/metrics`)).text();
  } catch {
    return '';
  }
}

function valuesOf(text: string, name: string): readonly number[] {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) => Number(value));
}
