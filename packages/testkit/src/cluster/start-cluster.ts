import { openAdminSession } from '../postgres-server/admin-session.ts';
import type { AdminSession } from '../postgres-server/admin-session.ts';
import type { PostgresServer } from '../postgres-server/start-postgres-server.ts';
import { startBrainStorage } from './brain-storage.ts';
import type { PostgresChoice } from './brain-storage.ts';
import { startNatsCluster } from '../nats-server/start-nats-cluster.ts';
import type { NatsCluster } from '../nats-server/start-nats-cluster.ts';
import type { NatsRelease } from '../nats-server/nats-releases.ts';
import type { NatsServer } from '../nats-server/start-nats-server.ts';
import { startServiceProcess } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';
import { shippedNatsConfig } from './shipped-nats-config.ts';
import type { NatsUser } from './shipped-nats-config.ts';

/** What a cluster on this machine is made of. */
export interface ClusterOptions {
  /** The built services, and the command line. */
  readonly programs: {
    readonly shield: string;
    readonly brain: string;
    /** Needed where there are Bridges. */
    readonly bridge?: string;
    readonly arqon: string;
  };
  /** Default: own. */
  readonly postgres?: PostgresChoice;
  /** Default 2. */
  readonly shields?: number;
  /** Default 2. */
  readonly brains?: number;
  /** Default 0. */
  readonly bridges?: number;
  /** Settings of every service, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** More lines of the configuration of NATS. */
  readonly natsConfig?: string;
  /** Servers of NATS. Default 1; several keep as many copies of everything, and Brains and Shields know the addresses of all. */
  readonly natsNodes?: number;
  /** Default `packaged`. */
  readonly natsRelease?: NatsRelease;
  /** Settings of one service, laid over `env`; its number counts from 0 in its kind. */
  readonly envOf?: (service: ServiceKind, number: number, natsUrl: string) => Readonly<Record<string, string>>;
  /** What a service is told of all settings; for one of an earlier release, which refuses those that it does not know. */
  readonly known?: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

type ServiceKind = 'shield' | 'brain' | 'bridge';

/** Shields, Brains and NATS in processes of their own, on free ports of this machine. */
export interface Cluster {
  /** The first of them, where there are several. */
  readonly nats: NatsServer;
  /** All servers of NATS, and the network between them. */
  readonly natsCluster: NatsCluster;
  /** Undefined where it is shared with other tests. */
  readonly postgres: PostgresServer | undefined;
  /** Looks at the database as an administrator, whom no row-level security binds. */
  readonly openAdminSession: () => Promise<AdminSession>;
  /** Where Brains find it. */
  readonly postgresUrl: string;
  /** User and password of NATS, as settings of a service. */
  readonly natsUser: (user: NatsUser) => Readonly<Record<string, string>>;
  /** In order; a Shield that was started again takes the place of its predecessor. */
  readonly shields: readonly ServiceProcess[];
  readonly brains: readonly ServiceProcess[];
  readonly bridges: readonly ServiceProcess[];
  /** Starts the Shield with this number again, or one more; `env` is laid over its settings. */
  startShield(number: number, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** As {@link startShield}. */
  startBrain(number: number, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** As {@link startShield}. */
  startBridge(number: number, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Ends everything in good order. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): Promise<void>;
}

const FREE_PORTS = {
  ARQONBUS_SERVER_PORT: '0',
  ARQONBUS_HTTP_PORT: '0',
  ARQONBUS_TELEMETRY_PORT: '0',
  ARQONBUS_BRIDGE_PORT: '0',
  ARQONBUS_BRIDGE_GRPC_PORT: '0',
};

/** Starts a cluster; resolves when every Shield takes clients. Where something does not start, nothing is left behind. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { known = (env) => env } = options;
  const users = shippedNatsConfig();
  const [natsCluster, storage] = await Promise.all([
    startNats(options, users.config),
    startBrainStorage(options.programs.arqon, options.postgres ?? 'own'),
  ]);
  const { nodes, first: nats } = natsCluster;
  const natsUrl = nodes.map(({ url }) => url).join(',');
  const base = { ...FREE_PORTS, ARQONBUS_NATS_URL: natsUrl, ARQONBUS_NATS_REPLICAS: String(nodes.length) };
  const services = { shield: [] as ServiceProcess[], brain: [] as ServiceProcess[], bridge: [] as ServiceProcess[] };
  const launch = (kind: ServiceKind, number: number, more = {}): ServiceProcess => {
    const stored = kind === 'brain' ? storage.env : {};
    const own = options.envOf?.(kind, number, natsUrl);
    const env = known({ ...base, ...users.env(kind), ...stored, ...options.env, ...own, ...more });
    const service = startServiceProcess({ name: `${kind}-${number}`, program: options.programs[kind] ?? '', env });
    services[kind][number] = service;
    return service;
  };
  const start = async (kind: ServiceKind, number: number, more = {}): Promise<ServiceProcess> => {
    const service = launch(kind, number, more);
    await service.ready;
    return service;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(services.bridge.map((bridge) => bridge.stop()));
    await Promise.all(services.shield.map((shield) => shield.stop()));
    await Promise.all(services.brain.map((brain) => brain.stop()));
    await Promise.all([natsCluster.stop(), storage.stop()]);
  };
  try {
    const brains = Array.from({ length: options.brains ?? 2 }, (_, number) => launch('brain', number));
    const shields = Array.from({ length: options.shields ?? 2 }, (_, number) => launch('shield', number));
    const bridges = Array.from({ length: options.bridges ?? 0 }, (_, number) => launch('bridge', number));
    await Promise.all([...brains, ...shields, ...bridges].map(({ ready }) => ready));
  } catch (cause) {
    const failure = withLogs(services.brain, cause);
    await stop();
    throw failure;
  }
  return {
    nats,
    natsCluster,
    postgres: storage.postgres,
    openAdminSession: () => openAdminSession(storage.adminUrl),
    postgresUrl: storage.url,
    natsUser: users.env,
    shields: services.shield,
    brains: services.brain,
    bridges: services.bridge,
    startShield: (number, env) => start('shield', number, env),
    startBrain: (number, env) => start('brain', number, env),
    startBridge: (number, env) => start('bridge', number, env),
    stop,
    kill: async () => {
      await Promise.all([...services.bridge, ...services.shield, ...services.brain].map((service) => service.kill()));
      await Promise.all([natsCluster.stop(), storage.stop()]);
    },
  };
}

function startNats(
  { natsConfig = '', natsNodes = 1, natsRelease }: ClusterOptions,
  users: string,
): Promise<NatsCluster> {
  const release = natsRelease === undefined ? {} : { release: natsRelease };
  return startNatsCluster({ ...release, config: `${users}\n${natsConfig}`, nodes: natsNodes });
}

/** Who does not start waits for another one, as a Shield for a Brain. */
function withLogs(brains: readonly ServiceProcess[], cause: unknown): Error {
  return new Error(`The cluster did not start. Its Brains say:\n${brains.map((brain) => brain.log()).join('')}`, {
    cause,
  });
}
