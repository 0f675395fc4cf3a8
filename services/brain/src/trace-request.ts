import type { Tracing } from '@arqonbus/telemetry';

/** A request that a Brain has answered. */
export interface AnsweredRequest {
  readonly method: string;
  readonly durationMs: number;
  /** Code of a refusal; '' = there was none. */
  readonly code: string;
  readonly traceparent: string;
  /** Wall clock. */
  readonly endMs: number;
}

/** Records the hop of a request to this Brain (TEL-3). */
export function traceRequest(
  tracing: Tracing,
  { method, durationMs, code, traceparent, endMs }: AnsweredRequest,
): void {
  tracing.record({
    name: `brain ${method}`,
    kind: 'server',
    parent: traceparent,
    startMs: endMs - durationMs,
    endMs,
    attributes: { 'rpc.system': 'arqonbus', 'rpc.method': method },
    ...(code === '' ? {} : { error: code }),
  });
}
