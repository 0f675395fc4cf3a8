import { Cluster, Redis } from 'ioredis';
import { GuardedConnector } from './guarded-connector.ts';

/** Where Valkey is, and how to get in. */
export interface ValkeyAddress {
  /** `redis://host:port`, or `rediss://` with TLS; of a cluster, some of its nodes. */
  readonly urls: readonly string[];
  /** True = Valkey Cluster. */
  readonly isCluster: boolean;
  /** '' = the default user. */
  readonly user: string;
  readonly password: string;
  /** Certificates in PEM that the server's is checked against; '' = those that the system trusts. */
  readonly ca: string;
}

/** How a client behaves. */
export interface ValkeyClientOptions extends ValkeyAddress {
  /** After so long a command has failed. */
  readonly timeoutMs: number;
  /** From 0 to 1, for the jitter of reconnects. */
  readonly random: () => number;
}

/** A client of one server, or of a cluster. */
export type ValkeyClient = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/**
 * Begins to connect, and reconnects for ever with jitter. Nothing is queued while there is no connection, and nothing is
 * sent twice (BRN-2). A server that has become a replica is left at once: behind its name another one may be the primary.
 */
export function createValkeyClient(options: ValkeyClientOptions): ValkeyClient {
  const { urls, isCluster, random } = options;
  const retryStrategy = (times: number): number =>
    Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(times, 10)) * (0.5 + random() / 2);
  const redisOptions = { ...connectionOptions(options), ...tlsOptions(options) };
  if (isCluster) {
    return new Cluster(urls.map(nodeOf), {
      clusterRetryStrategy: retryStrategy,
      enableOfflineQueue: false,
      redisOptions,
    });
  }
  return new Redis({ ...nodeOf(urls[0] ?? ''), ...redisOptions, retryStrategy, enableOfflineQueue: false });
}

/** What the types of a single server and of a cluster have in common is inferred: they name it by no common type. */
function connectionOptions({ user, password, timeoutMs }: ValkeyClientOptions) {
  return {
    ...(user === '' ? {} : { username: user }),
    ...(password === '' ? {} : { password }),
    Connector: GuardedConnector,
    // What Valkey and Redis 7 have in common.
    protocol: 2 as const,
    commandTimeout: timeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: 'arqonbus',
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

function tlsOptions({ urls, ca }: ValkeyClientOptions) {
  if (!(urls[0] ?? '').startsWith('rediss:')) return {};
  return { tls: ca === '' ? {} : { ca } };
}

function nodeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 6_379 : Number(port) };
}
