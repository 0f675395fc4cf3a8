import { createClient } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import { waitUntil } from '@arqonbus/testkit';
import { WebSocket } from 'ws';
import type { Balancer } from './balancer.ts';
import type { FaultCluster } from './fault-cluster.ts';

/** What became of clients whose Shield died. */
export interface HerdResult {
  /** Clients that had been on it. */
  readonly lost: number;
  /** Tries that came in while they came back. */
  readonly arrivals: number;
  /** The busiest fifth of the time in which they came, against an even spread. */
  readonly peakToMean: number;
  readonly msUntil99Percent: number;
}

/** Clients of the SDK. */
export interface Herd {
  readonly clients: readonly ArqonClient[];
  /** Kills a Shield, and watches until 99 % of all are connected again and in their channel. */
  loseShield(number: number): Promise<HerdResult>;
  close(): Promise<void>;
}

const SLICES = 5;
const BACK_WITHIN_MS = 60_000;
const CONNECT_AT_ONCE = 50;

/** Connects so many clients over the balancer, each in a channel. */
export async function gatherHerd(bus: FaultCluster, balancer: Balancer, count: number): Promise<Herd> {
  const clients: ArqonClient[] = [];
  const away = new Set<ArqonClient>();
  let lost = 0;
  const gather = async (): Promise<void> => {
    while (clients.length < count) {
      const user = `herd-${clients.length}`;
      const client = createClient({
        url: `ws://127.0.0.1:${balancer.port}/v1/socket`,
        token: () => bus.token({ user }),
        webSocket: WebSocket,
        connectTimeoutMs: BACK_WITHIN_MS,
      });
      clients.push(client);
      await client.connect();
      await client.join('herd:meadow');
      client.on('rejoined', () => void away.delete(client));
      client.on('state', ({ kind }) => {
        if (kind === 'connected' || kind === 'closed' || away.has(client)) return;
        away.add(client);
        lost += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECT_AT_ONCE }, gather));
  return {
    clients,
    loseShield: async (number) => {
      const before = balancer.arrivals.length;
      lost = 0;
      await bus.shields[number]?.kill();
      const killedAt = performance.now();
      const bound = { timeoutMs: BACK_WITHIN_MS };
      await waitUntil(() => lost > count / 4, { ...bound, what: 'clients to be lost' });
      await waitUntil(() => away.size <= count / 100, { ...bound, what: '99 % to be back' });
      const msUntil99Percent = performance.now() - killedAt;
      await waitUntil(() => away.size === 0, { ...bound, what: 'all to be back' });
      const times = balancer.arrivals.slice(before);
      return { lost, arrivals: times.length, peakToMean: peakToMean(times), msUntil99Percent };
    },
    close: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}

function peakToMean(times: readonly number[]): number {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const slices = Array.from({ length: SLICES }, () => 0);
  for (const time of times) {
    const slice = Math.min(SLICES - 1, Math.floor(((time - first) / (last - first)) * SLICES));
    slices[slice] = (slices[slice] ?? 0) + 1;
  }
  return Math.max(...slices) / (times.length / SLICES);
}
