import { randomFillSync } from 'node:crypto';
import { createBrain } from '@arqonbus/brain';
import type { Brain } from '@arqonbus/brain';
import type { Config } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import { chooseListener, createShield } from '@arqonbus/shield';
import type { Shield } from '@arqonbus/shield';
import { createLocalSpine, createLogRules, createMemoryChannelLog, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { LocalSpine } from '@arqonbus/spine';
import { createEventLoopLag, createAdminServer, createMetrics } from '@arqonbus/telemetry';
import type { AdminServer, ExtraRoute, Logger, Metrics } from '@arqonbus/telemetry';
import { VERSION } from '../version.ts';
import { createAuthenticator } from './create-authenticator.ts';

/** The whole bus in this process. */
export interface EmbeddedBus {
  readonly wsPort: number;
  readonly httpPort: number;
  readonly telemetryPort: number;
  /** Which socket server runs, and why. */
  readonly listener: { readonly name: 'uws' | 'ws'; readonly reason: string };
  /** Sends the clients away in good order, then ends everything. */
  drain(): Promise<void>;
}

/** What an embedded bus is made from. */
export interface EmbeddedBusOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Pages of the admin port beside its own; read at every request. */
  readonly pages: ReadonlyMap<string, ExtraRoute>;
}

/** Starts Shield, Brain, Spine and log in this process, composed as in the cluster (ARC-11, ARC-12). */
export async function startEmbeddedBus({ config, logger, pages }: EmbeddedBusOptions): Promise<EmbeddedBus> {
  const clock = systemClock;
  const metrics = createMetrics();
  const spine = createLocalSpine({
    onError: (error, subject) =>
      logger.error({ event: 'spine_handler_failed', subject, err: error }, 'a handler failed'),
  });
  const keyValue = createMemoryKeyValueStore();
  const brain = await createBrain({
    spine,
    keyValue,
    logger,
    now: () => clock.now(),
    bootstrapRooms: Object.entries(config.bootstrap.rooms).map(([room, channels]) => ({ room, channels })),
    channelsPerTenant: config.limits.channelsPerTenant,
  });
  const choice = chooseListener(config.server.listener);
  const shield = await startShield(config, { spine, keyValue, metrics, logger, listener: choice.factory });
  const admin = createAdmin(metrics, shield, pages);
  const httpPort = await admin.listen(config.http.host, config.http.port);
  return {
    wsPort: shield.port,
    httpPort,
    telemetryPort: shield.telemetryPort,
    listener: choice,
    drain: () => drain(shield, brain, spine, admin),
  };
}

interface ShieldSurroundings {
  readonly spine: LocalSpine;
  readonly keyValue: ReturnType<typeof createMemoryKeyValueStore>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly listener: ReturnType<typeof chooseListener>['factory'];
}

function startShield({ server, limits, access, auth, ...config }: Config, parts: ShieldSurroundings): Promise<Shield> {
  const clock = systemClock;
  const now = (): number => clock.now();
  const profileOf = createLogRules(config.log.profiles, config.log.rules);
  const log = createMemoryChannelLog({
    spine: parts.spine,
    profileOf,
    now,
    random: (bytes) => void randomFillSync(bytes),
    maxBytes: config.log.memoryMaxBytes,
  });
  return createShield({
    ...server,
    ...parts,
    limits,
    accessDefault: access.default,
    privateScope: config.private.scope,
    telemetryPort: config.telemetry.port,
    log,
    profileOf,
    authenticator: createAuthenticator(auth, now),
    clock,
    version: VERSION,
  });
}

function createAdmin(metrics: Metrics, shield: Shield, pages: EmbeddedBusOptions['pages']): AdminServer {
  createEventLoopLag(metrics);
  return createAdminServer({
    metrics,
    health: () => ({
      ready: shield.isReady(),
      checks: { spine: 'ok', brain: 'ok', shield: shield.isReady() ? 'ok' : 'down' },
    }),
    version: { name: 'arqonbus', version: VERSION, protocol: '1.0', gitCommit: '', buildDate: '' },
    extraRoutes: pages,
  });
}

async function drain(shield: Shield, brain: Brain, spine: LocalSpine, admin: AdminServer): Promise<void> {
  await shield.drain();
  await brain.close();
  await spine.close();
  await admin.close();
}
