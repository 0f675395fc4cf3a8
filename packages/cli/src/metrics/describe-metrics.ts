import { createLogger } from '@arqonbus/telemetry';
import type { MetricDescription } from '@arqonbus/telemetry';
import { startEmbeddedBus } from '../dev/embedded-bus.ts';
import { readDevConfig } from '../dev/read-dev-config.ts';

/** What a bus shows of itself: starts one on free ports, asks it, and ends it (TEL-2). */
export async function describeMetrics(): Promise<readonly MetricDescription[]> {
  const config = readDevConfig({ port: 0, json: true }, 'described-and-never-used-to-sign-anything');
  const bus = await startEmbeddedBus({ config, logger: createLogger({ level: 'silent' }), pages: new Map() });
  const descriptions = bus.metrics.describe();
  await bus.drain();
  return descriptions;
}
