import type { Config, LiveSettings } from '@arqonbus/config';
import type { Spine } from '@arqonbus/spine';
import { addProcessMetrics, createAdminServer, createMetrics } from '@arqonbus/telemetry';
import type { HealthReport, Logger, Metrics, RootLogger, Tracing } from '@arqonbus/telemetry';
import { createAuditRoutes } from './audit/audit-routes.ts';
import { createSchemaRoutes } from './schemas/schema-routes.ts';
import { openServiceTracing } from './open-service-tracing.ts';
import type { MeetingParts, ServiceName, openNatsSpine } from './open-spine.ts';
import type { Service } from './run-service.ts';
import { createProcessSettings } from './settings/open-settings.ts';
import { addSpineMetrics } from './spine-metrics.ts';
import { readBuild } from './read-build.ts';
import { VERSION } from './version.ts';

/** What a service starts with, once the Spine is open. */
export interface ServiceParts {
  /** The configuration, with what is changed at run time in force. */
  readonly live: LiveSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined = nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Aborted when the service is told to end. */
  readonly signal: AbortSignal;
  /** Where its admin port is. */
  readonly httpPort: number;
}

/** What makes a service of its own; `P` is what it opens of the Spine. */
export interface NatsServiceOptions<P extends MeetingParts> {
  readonly name: ServiceName;
  readonly config: Config;
  readonly logger: RootLogger;
  /** Whether settings can be read and changed at its admin port. */
  readonly servesSettings: boolean;
  /** Asked at any time, also before the Spine is open. */
  readonly health: (spine: Spine | undefined) => HealthReport;
  /** Opens the Spine, as {@link openNatsSpine} does. */
  readonly open: (...given: Parameters<typeof openNatsSpine>) => Promise<P>;
  /** Starts it, and gives its addresses. */
  readonly start: (parts: P & ServiceParts) => Promise<object>;
  /** Ends in good order what `start` has made, if it did; the Spine is closed after. */
  readonly stop: () => Promise<void>;
}

/** Starts a service on NATS. The admin port answers at once, however long the rest takes (O-13). */
export function startNatsService<P extends MeetingParts>(options: NatsServiceOptions<P>): Service {
  const { name, config, logger, health, start, stop } = options;
  const settings = createProcessSettings(config, logger);
  const metrics = createMetrics();
  const stopping = new AbortController();
  const { signal } = stopping;
  let spine: Spine | undefined;
  addProcessMetrics(metrics, VERSION);
  let tracing: Tracing | undefined;
  let stopProbe = (): void => undefined;
  const admin = createAdminServer({
    metrics,
    health: () => health(spine),
    version: { name: `arqonbus-${name}`, version: VERSION, protocol: '1.0', ...readBuild() },
    ...(options.servesSettings
      ? {
          operator: [
            settings.routes,
            createAuditRoutes(config.http.adminToken, () => spine),
            createSchemaRoutes(config.http.adminToken, () => spine),
          ],
        }
      : {}),
  });
  const open = async (): Promise<object> => {
    const httpPort = await admin.listen(config.http.host, config.http.port);
    logger.info({ event: 'admin_listening', port: httpPort }, 'the admin port answers');
    tracing = await openServiceTracing(config, `arqonbus-${name}`, metrics);
    const parts = await options.open(config, name, logger, signal);
    spine = parts.spine;
    stopProbe = addSpineMetrics({ ...parts, metrics });
    await settings.open(parts);
    return start({ ...parts, live: settings.live, logger, metrics, tracing, signal, httpPort });
  };
  const started = open();
  return {
    started,
    drain: async () => {
      stopping.abort();
      await started.catch(() => undefined);
      await stop();
      settings.stop();
      stopProbe();
      await spine?.close();
      await tracing?.close();
      await admin.close();
    },
  };
}
