import { addBrainGauges, openBrainParts, startBrain } from '@arqonbus/brain';
import type { Brain } from '@arqonbus/brain';
import { startBridge } from '@arqonbus/bridge';
import type { Bridge } from '@arqonbus/bridge';
import type { Config } from '@arqonbus/config';
import {
  VERSION,
  addSpineMetrics,
  createAuditRoutes,
  createSchemaRoutes,
  createProcessSettings,
  openLocalSpine,
  openServiceTracing,
  readBuild,
} from '@arqonbus/runtime';
import { chooseListener, startShield } from '@arqonbus/shield';
import type { Shield } from '@arqonbus/shield';
import type { Spine } from '@arqonbus/spine';
import { addProcessMetrics, createAdminServer, createMetrics } from '@arqonbus/telemetry';
import type { AdminServer, ExtraRoute, Metrics, OperatorRoutes, RootLogger } from '@arqonbus/telemetry';

/** The whole bus in this process. */
export interface EmbeddedBus {
  readonly wsPort: number;
  readonly httpPort: number;
  readonly telemetryPort: number;
  readonly bridgePort: number;
  readonly grpcPort: number;
  /** What its admin port shows. */
  readonly metrics: Metrics;
  /** Which socket server runs, and why. */
  readonly listener: { readonly name: 'uws' | 'ws'; readonly reason: string };
  /** Sends the clients away in good order, then ends everything. */
  drain(): Promise<void>;
}

/** What an embedded bus is made from. */
export interface EmbeddedBusOptions {
  readonly config: Config;
  readonly logger: RootLogger;
  /** Pages of the admin port beside its own; read at every request. */
  readonly pages: ReadonlyMap<string, ExtraRoute>;
}

/** Starts Shield, Brain, Spine and log in this process, composed as in the cluster (ARC-11, ARC-12). */
export async function startEmbeddedBus({ config, logger, pages }: EmbeddedBusOptions): Promise<EmbeddedBus> {
  const metrics = createMetrics();
  const settings = createProcessSettings(config, logger);
  const parts = openLocalSpine(config, logger);
  const tracing = await openServiceTracing(config, 'arqonbus', metrics);
  const own = openBrainParts(config, { ...parts, metrics, logger });
  // No other Brain or Shield can be there to wait for.
  const alone = { settleMs: 0, handoverMs: 0 };
  const brain = await startBrain(settings.live.config, { ...parts, ...own.surroundings, ...alone, tracing, logger });
  await settings.open(parts);
  addBrainGauges(metrics, brain);
  const stopProbe = addSpineMetrics({ ...parts, metrics });
  const choice = chooseListener(config.server.listener);
  const shield = await startShield(settings.live, { ...parts, metrics, tracing, logger, listener: choice.factory });
  const bridge = await startBridge(settings.live, { ...parts, metrics, logger });
  const operator = [createAuditRoutes, createSchemaRoutes].map((create) =>
    create(config.http.adminToken, () => parts.spine),
  );
  const admin = createAdmin(metrics, shield, pages, [settings.routes, ...operator]);
  const httpPort = await admin.listen(config.http.host, config.http.port);
  return {
    wsPort: shield.port,
    httpPort,
    telemetryPort: shield.telemetryPort,
    bridgePort: bridge.address.port,
    grpcPort: bridge.address.grpcPort,
    metrics,
    listener: choice,
    drain: async () => {
      stopProbe();
      await drain({ bridge, shield, brain, spine: parts.spine, admin });
      await own.close();
      await tracing?.close();
      settings.stop();
    },
  };
}

function createAdmin(
  metrics: Metrics,
  shield: Shield,
  pages: EmbeddedBusOptions['pages'],
  operator: readonly OperatorRoutes[],
): AdminServer {
  addProcessMetrics(metrics, VERSION);
  return createAdminServer({
    metrics,
    health: () => shield.health(),
    version: { name: 'arqonbus', version: VERSION, protocol: '1.0', ...readBuild() },
    extraRoutes: pages,
    operator,
  });
}

interface Running {
  readonly bridge: Bridge;
  readonly shield: Shield;
  readonly brain: Brain;
  readonly spine: Spine;
  readonly admin: AdminServer;
}

async function drain({ bridge, shield, brain, spine, admin }: Running): Promise<void> {
  await bridge.drain();
  await shield.drain();
  await brain.close();
  await spine.close();
  await admin.close();
}
