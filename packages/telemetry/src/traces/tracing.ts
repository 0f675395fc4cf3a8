/** What kind of hop a span is, in OpenTelemetry's words. */
export type SpanKind = 'server' | 'producer' | 'consumer';

/** A hop that is over (TEL-3). Never holds a payload, a token or the name of a user. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: SpanKind;
  /** Trace context of the hop before it; '' = it begins a trace. */
  readonly parent: string;
  /** ms since the Unix epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** A fixed word for what went wrong; absent = nothing did. */
  readonly error?: string;
}

/** Records spans and sends them away. Where tracing is off there is none, and asking for it is all that is left. */
export interface Tracing {
  /** Whether a message that enters is traced: by the ratio, or as its client wishes as long as not too many do. */
  isChosen(traceparent: string): boolean;
  /** Whether one more error may be traced, whatever the ratio; there is a limit for a second. */
  mayTraceError(): boolean;
  /** Records a hop, and gives the trace context of what follows it. Never throws. */
  record(span: SpanRecord): string;
  /** Sends what waits. */
  close(): Promise<void>;
}
