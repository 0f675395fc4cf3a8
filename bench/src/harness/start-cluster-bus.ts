import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { shippedNatsConfig, startBrainStorage, startNatsServer } from '@arqonbus/testkit';
import { ARQON_SETTINGS, profilingArgs } from './arqon-settings.ts';
import { bridgeOf } from './bus.ts';
import type { Bus } from './bus.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { createAdminToken, createTokenSource } from './endpoint.ts';
import { findChildren } from './process-times.ts';

/** What a cluster on this machine is made of. */
export interface ClusterPlan {
  readonly shields: number;
  readonly brains: number;
  /** Settings of the Bridge; undefined = there is none. */
  readonly bridge?: Readonly<Record<string, string>> | undefined;
  /** Where Shields and Brains write CPU profiles when they end; undefined = they are not profiled. */
  readonly profileFolder?: string | undefined;
}

type ServiceKind = 'shield' | 'brain' | 'bridge';

const START_TIMEOUT_MS = 30_000;

const PROBE = fileURLToPath(new URL('./probe-process.mjs', import.meta.url));
const ARQON = fileURLToPath(new URL('../../packages/cli/dist/arqon.mjs', import.meta.url));

const bundles: Readonly<Record<ServiceKind, string>> = {
  shield: process.env['BENCH_SHIELD_BUNDLE'] ?? serviceBundle('shield'),
  brain: process.env['BENCH_BRAIN_BUNDLE'] ?? serviceBundle('brain'),
  bridge: process.env['BENCH_BRIDGE_BUNDLE'] ?? serviceBundle('bridge'),
};

/** Starts NATS with the shipped users, Brains, Shields and a Bridge as built; resolves when all of them can be used. */
export async function startClusterBus({ shields, brains, bridge, profileFolder }: ClusterPlan): Promise<Bus> {
  const secret = randomBytes(32).toString('hex');
  const users = shippedNatsConfig();
  const known = [...findChildren('nats-server'), ...findChildren('postgres')];
  const started = (name: string): readonly number[] => findChildren(name).filter((pid) => !known.includes(pid));
  const nats = await startNatsServer({ jetstream: true, config: users.config });
  const storage = await startBrainStorage(ARQON, 'own');
  const services: Child[] = [];
  const start = (kind: ServiceKind, nodeArgs: readonly string[]): Child => {
    const env = {
      ...serviceSettings(secret, nats.url),
      ...users.env(kind),
      ...(kind === 'brain' ? storage.env : {}),
      ...(kind === 'bridge' ? bridge : {}),
    };
    const child = startChild({ file: bundles[kind], nodeArgs: ['--expose-gc', '--import', PROBE, ...nodeArgs], env });
    services.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([nats.stop(), storage.stop()]);
  };
  try {
    const brainChildren = Array.from({ length: brains }, () => start('brain', profilingArgs(profileFolder)));
    const shieldChildren = Array.from({ length: shields }, () => start('shield', profilingArgs(profileFolder)));
    const bridgeChild = bridge && start('bridge', profilingArgs(profileFolder));
    const addresses = await Promise.all(shieldChildren.map(shieldAddressesOf));
    const brainMetricsUrls = await Promise.all(brainChildren.map(async (brain) => (await startedAt(brain)).metricsUrl));
    const tokens = createTokenSource(secret);
    return {
      endpoints: addresses.map((address) => ({ ...address, tokens })),
      processes: [
        ...shieldChildren.map(({ pid }) => ({ hop: 'shield', pid }) as const),
        ...started('nats-server').map((pid) => ({ hop: 'nats', pid }) as const),
        ...brainChildren.map(({ pid }) => ({ hop: 'brain', pid }) as const),
        ...(bridgeChild === undefined ? [] : [{ hop: 'bridge', pid: bridgeChild.pid } as const]),
        ...started('postgres').map((pid) => ({ hop: 'postgres', pid }) as const),
      ],
      brainMetricsUrls,
      adminToken: await createAdminToken(secret),
      bridge: bridgeChild && bridgeOf(await whenStarted(bridgeChild)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function serviceSettings(secret: string, natsUrl: string): Readonly<Record<string, string>> {
  return {
    ...ARQON_SETTINGS,
    ARQONBUS_NATS_URL: natsUrl,
    ARQONBUS_AUTH_JWT_SECRET: secret,
    ARQONBUS_LOG_ID_KEY: secret,
    ARQONBUS_WEBHOOKS_SECRET_KEY: secret,
    ARQONBUS_WEBHOOKS_ALLOW_HTTP: 'true',
    ARQONBUS_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8',
    ARQONBUS_WEBHOOKS_PORTS: '*',
    ARQONBUS_SERVER_PORT: '0',
    ARQONBUS_HTTP_PORT: '0',
    ARQONBUS_TELEMETRY_PORT: '0',
    ARQONBUS_BRIDGE_PORT: '0',
    ARQONBUS_BRIDGE_GRPC_PORT: '0',
    ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '1000',
  };
}

async function shieldAddressesOf(shield: Child): Promise<{ readonly port: number; readonly metricsUrl: string }> {
  const { clientUrl, metricsUrl } = await startedAt(shield);
  return { port: Number(new URL(clientUrl).port), metricsUrl };
}

async function startedAt(service: Child): Promise<{ readonly clientUrl: string; readonly metricsUrl: string }> {
  const line = JSON.parse(await whenStarted(service)) as { readonly ws_url?: string; readonly http_url?: string };
  return { clientUrl: line.ws_url ?? '', metricsUrl: `${line.http_url ?? ''}/metrics` };
}

/** The line that it prints once it can be used. */
async function whenStarted(service: Child): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(''), START_TIMEOUT_MS);
  });
  const line = await Promise.race([service.firstLine, tooLate]);
  clearTimeout(timer);
  if (line === '') throw new Error(`a service of the cluster ended at its start, or took over ${START_TIMEOUT_MS} ms`);
  return line;
}

function serviceBundle(name: ServiceKind): string {
  return fileURLToPath(new URL(`../../services/${name}/dist/${name}.mjs`, import.meta.url));
}
