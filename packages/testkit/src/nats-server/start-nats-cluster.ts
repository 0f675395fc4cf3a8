import { startChaosProxy } from '../chaos-proxy/chaos-proxy.ts';
import type { ChaosProxy } from '../chaos-proxy/chaos-proxy.ts';
import { freePort } from '../raw-socket/free-port.ts';
import { startNatsServer } from './start-nats-server.ts';
import type { NatsServer, NatsServerOptions } from './start-nats-server.ts';

/** NATS servers that keep copies of one another's streams, and the network between them. */
export interface NatsCluster {
  readonly first: NatsServer;
  /** All of them, in order. */
  readonly nodes: readonly NatsServer[];
  /** Ends every road between this node and the others, and refuses new ones; its clients stay. Until {@link heal}. */
  isolate(node: number): void;
  /** A whole network again. */
  heal(): void;
  /** Ends all. Idempotent. */
  stop(): Promise<void>;
}

/** What a NATS cluster for a test can be given. */
export interface NatsClusterOptions extends Omit<NatsServerOptions, 'jetstream'> {
  /** Default 3; a single one is no cluster. */
  readonly nodes?: number;
}

/** A road from one node to another. */
interface Road {
  readonly from: number;
  readonly to: number;
  readonly proxy: ChaosProxy;
}

/** Nobody listens there: nodes find each other by their configured roads alone, not by what they tell one another. */
const NOWHERE = '127.0.0.1:1';

/**
 * Starts NATS servers with JetStream as one cluster; each reaches each other one through a proxy of its own. They find a leader after that
 * by themselves, which takes seconds.
 */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const { nodes: count = 3, config = '', ...server } = options;
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const roads = await Promise.all(pairsOf(count).map((pair) => openRoad(pair, ports)));
  const start = (node: number): Promise<NatsServer> => {
    const lines = count === 1 ? [] : clusterLines(node, ports[node] ?? 0, roads);
    return startNatsServer({ ...server, jetstream: true, config: [...lines, config].join('\n') });
  };
  const [first, ...others] = await Promise.all([
    start(0),
    ...Array.from({ length: count - 1 }, (_, n) => start(n + 1)),
  ]);
  const nodes = [first, ...others];
  return {
    first,
    nodes,
    isolate: (node) => {
      for (const { from, to, proxy } of roads) if (from === node || to === node) proxy.cut();
    },
    heal: () => roads.forEach(({ proxy }) => proxy.heal()),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(roads.map(({ proxy }) => proxy.stop()));
    },
  };
}

function clusterLines(node: number, port: number, roads: readonly Road[]): readonly string[] {
  const routes = roads.filter(({ from }) => from === node).map(({ proxy }) => `nats://127.0.0.1:${proxy.port}`);
  return [
    `server_name: node-${node}`,
    'cluster {',
    `  name: copies, listen: "127.0.0.1:${port}", cluster_advertise: "${NOWHERE}"`,
    `  routes: [${routes.join(', ')}]`,
    '}',
  ];
}

function pairsOf(count: number): readonly Omit<Road, 'proxy'>[] {
  const numbers = Array.from({ length: count }, (_, number) => number);
  return numbers.flatMap((from) => numbers.filter((to) => to !== from).map((to) => ({ from, to })));
}

async function openRoad(pair: Omit<Road, 'proxy'>, ports: readonly number[]): Promise<Road> {
  return { ...pair, proxy: await startChaosProxy({ targetPort: ports[pair.to] ?? 0 }) };
}
