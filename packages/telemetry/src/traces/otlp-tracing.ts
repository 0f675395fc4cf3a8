import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { TraceCounters, TracingOptions } from './open-tracing.ts';
import { createSecondQuota } from './second-quota.ts';
import { isInRatio, isSampled, traceIdOf } from './trace-context.ts';
import type { SpanRecord, Tracing } from './tracing.ts';

/** Traces that clients wish, and errors, in a second: beyond it somebody floods us, and one trace tells as much as all. */
const MAX_WISHED_PER_SECOND = 50;
const MAX_ERRORS_PER_SECOND = 20;
const EXPORT_TIMEOUT_MS = 5_000;
/** How often what was recorded is sent. */
const EXPORT_EVERY_MS = 1_000;

const kinds = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;

/** Tracing by OpenTelemetry: spans go to an OTLP/HTTP address in batches; what it does not take is dropped. */
export function createOtlpTracing(options: TracingOptions, counters: TraceCounters): Tracing {
  const provider = createProvider(options, counters);
  const tracer = provider.getTracer('arqonbus', options.version);
  const mayWish = createSecondQuota(MAX_WISHED_PER_SECOND);
  const mayTraceError = createSecondQuota(MAX_ERRORS_PER_SECOND);
  const { perMillion } = options;
  return {
    isChosen: (traceparent) => {
      if (traceparent === '') return Math.random() * 1_000_000 < perMillion;
      return isInRatio(traceIdOf(traceparent), perMillion) || (isSampled(traceparent) && mayWish());
    },
    mayTraceError,
    record: ({ name, kind, parent, startMs, endMs, attributes, error }: SpanRecord) => {
      const span = tracer.startSpan(name, { kind: kinds[kind], startTime: startMs, attributes }, contextOf(parent));
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(Math.max(startMs, endMs));
      counters.spans.inc();
      const { traceId, spanId } = span.spanContext();
      return `00-${traceId}-${spanId}-01`;
    },
    close: () => provider.shutdown().catch(() => counters.failures.inc()),
  };
}

function createProvider({ url, service, version }: TracingOptions, counters: TraceCounters): TracerProvider {
  const exporter = countFailures(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS }), counters);
  return new TracerProvider({
    // Who is traced is decided once, where the message enters.
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({
      'service.name': service,
      'service.version': version,
      'service.instance.id': randomBytes(8).toString('hex'),
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_EVERY_MS })],
  });
}

function countFailures(exporter: SpanExporter, { failures }: TraceCounters): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) failures.inc();
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

function contextOf(traceparent: string): Context {
  if (traceparent === '') return ROOT_CONTEXT;
  const spanId = traceparent.slice(36, 52);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId: traceIdOf(traceparent), spanId, traceFlags: 1, isRemote: true });
}
