import type { Metrics } from '../metrics/metrics.ts';
import type { Tracing } from './tracing.ts';

/** Where spans go, and how many. */
export interface TracingOptions {
  /** An OTLP/HTTP address, `…/v1/traces`; '' = tracing is off. */
  readonly url: string;
  /** Traced of a million messages. */
  readonly perMillion: number;
  /** `service.name` and `service.version` of the spans. */
  readonly service: string;
  readonly version: string;
  readonly metrics: Metrics;
}

/** What is counted of traces, whether they are on or not. */
export interface TraceCounters {
  readonly spans: { inc(n?: number): void };
  readonly failures: { inc(n?: number): void };
}

/** Tracing as it is configured; undefined = off (TEL-3). OpenTelemetry is not even loaded then. */
export async function openTracing(options: TracingOptions): Promise<Tracing | undefined> {
  const { metrics } = options;
  const counters = {
    spans: metrics.counter('arqonbus_trace_spans_total', 'Spans recorded.'),
    failures: metrics.counter('arqonbus_trace_exports_failed_total', 'Batches of spans that could not be sent.'),
  };
  if (options.url === '') return undefined;
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  return createOtlpTracing(options, counters);
}
