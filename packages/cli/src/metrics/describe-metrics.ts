import { addPostgresGauges, addValkeyGauges, createPostgresObserver, createValkeyMetrics } from '@arqonbus/storage';
import { addCertificateGauge } from '@arqonbus/runtime';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import type { MetricDescription } from '@arqonbus/telemetry';
import { startEmbeddedBus } from '../dev/embedded-bus.ts';
import { readDevConfig } from '../dev/read-dev-config.ts';

/** What a bus shows of itself: starts one on free ports, asks it, and ends it (TEL-2). */
export async function describeMetrics(): Promise<readonly MetricDescription[]> {
  const config = readDevConfig({ port: 0, json: true }, 'described-and-never-used-to-sign-anything');
  const bus = await startEmbeddedBus({ config, logger: createLogger({ level: 'silent' }), pages: new Map() });
  const descriptions = bus.metrics.describe();
  await bus.drain();
  return [...descriptions, ...describeMoreMetrics()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a Brain with Postgres and Valkey, and who ends TLS, shows beside that; a laptop's bus has none. */
function describeMoreMetrics(): readonly MetricDescription[] {
  const metrics = createMetrics();
  createPostgresObserver(metrics);
  addPostgresGauges(metrics, { status: () => 'starting', figures: () => ({ connections: 0, waiting: 0 }) });
  createValkeyMetrics(metrics);
  addValkeyGauges(metrics, { isUsable: () => false, inFlight: () => 0 });
  for (const listener of ['shield', 'bridge', 'grpc'] as const)
    addCertificateGauge(metrics, listener, { current: () => ({ expiresAtMs: 0 }) });
  return metrics.describe();
}
