/** True where a trace context says that its trace is recorded (W3C, flag `sampled`); '' says nothing. */
export function isSampled(traceparent: string): boolean {
  return traceparent !== '' && (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

/** The same context for a trace that is not recorded. */
export function withoutSampling(traceparent: string): string {
  return isSampled(traceparent) ? `${traceparent.slice(0, -2)}00` : traceparent;
}

/** Its trace id; '' where there is no context. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Whether a share of all traces, in millionths, holds this one: every process comes to the same answer. */
export function isInRatio(traceId: string, perMillion: number): boolean {
  // The last 7 bytes are random by the standard's second level; 4 of them are plenty.
  return Number.parseInt(traceId.slice(-8), 16) < (perMillion / 1_000_000) * 0x1_0000_0000;
}
