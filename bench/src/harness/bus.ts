import type { Endpoint } from './endpoint.ts';
import { startServer } from './servers.ts';

/** What a process is to a message on its way. */
export type Hop = 'shield' | 'nats' | 'brain' | 'bridge' | 'postgres';

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
  /** Of an administrator of the tenant that all clients are of. */
  readonly adminToken?: string;
  /** Undefined where a cluster was started without one. */
  readonly bridge?: BridgeAddress | undefined;
  stop(): Promise<void>;
}

/** Where servers ask. */
export interface BridgeAddress {
  readonly httpUrl: string;
  readonly grpcUrl: string;
}

/** What a server says of its Bridge when it has started. */
export function bridgeOf(line: string): BridgeAddress {
  const { bridge_url: httpUrl, grpc_url: grpcUrl } = JSON.parse(line) as {
    readonly bridge_url: string;
    readonly grpc_url: string;
  };
  return { httpUrl, grpcUrl };
}

/**
 * The whole bus in one process, `arqon dev`, which counts as a Shield. `profileFolder` = write a CPU profile there; `settings` are
 * laid over the others.
 */
export async function startEmbeddedBus(
  profileFolder?: string,
  settings?: Readonly<Record<string, string>>,
): Promise<Bus> {
  const server = await startServer('arqon', profileFolder, settings);
  return {
    endpoints: [server],
    processes: [{ hop: 'shield', pid: server.pid }],
    adminToken: server.adminToken,
    bridge: bridgeOf(server.firstLine),
    stop: server.stop,
  };
}
