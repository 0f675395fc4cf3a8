import type { Config } from '@arqonbus/config';
import { openTracing } from '@arqonbus/telemetry';
import type { Metrics, Tracing } from '@arqonbus/telemetry';
import { VERSION } from './version.ts';

/** Tracing of a process of this name, as the configuration says; undefined = off (TEL-3). */
export function openServiceTracing(
  { telemetry }: Config,
  service: string,
  metrics: Metrics,
): Promise<Tracing | undefined> {
  const { tracesUrl: url, tracesPerMillion: perMillion } = telemetry;
  return openTracing({ url, perMillion, service, version: VERSION, metrics });
}
