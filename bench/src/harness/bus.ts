import type { Endpoint } from './endpoint.ts';
import { startServer } from './servers.ts';

/** What a process is to a message on its way. */
export type Hop = 'shield' | 'nats' | 'brain' | 'postgres';

/** A process that the bus consists of. */
export interface BusProcess {
  readonly hop: Hop;
  readonly pid: number;
}

/** A running bus, in one process or in several. */
export interface Bus {
  /** One for each Shield, in order. */
  readonly endpoints: readonly Endpoint[];
  /** The Shields come first, in the order of the endpoints. */
  readonly processes: readonly BusProcess[];
  /** Where Brains in processes of their own show their metrics. */
  readonly brainMetricsUrls?: readonly string[];
  stop(): Promise<void>;
}

/** The whole bus in one process, `arqon dev`, which counts as a Shield. `profileFolder` = write a CPU profile there. */
export async function startEmbeddedBus(profileFolder?: string): Promise<Bus> {
  const server = await startServer('arqon', profileFolder);
  return { endpoints: [server], processes: [{ hop: 'shield', pid: server.pid }], stop: server.stop };
}
