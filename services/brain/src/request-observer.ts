import type { RpcObserver } from '@arqonbus/spine';
import { isSampled } from '@arqonbus/telemetry';
import type { BrainFigures } from './brain-figures.ts';
import type { BrainOptions } from './brain.ts';
import { traceRequest } from './trace-request.ts';

/** Sees every request that a Brain answers: counts, logs, measures and traces as the options say. */
export interface RequestObserver extends RpcObserver {
  figures(): Pick<BrainFigures, 'malformedRequests' | 'failedRequests'>;
}

/** Nothing seen yet. */
export function createRequestObserver(
  { logger, rpcMetrics: metrics, tracing }: Pick<BrainOptions, 'logger' | 'rpcMetrics' | 'tracing'>,
  now: () => number,
): RequestObserver {
  let malformedRequests = 0;
  let failedRequests = 0;
  return {
    onAnswered: (method, durationMs, code, traceparent) => {
      metrics?.answered(method, durationMs, code);
      if (tracing !== undefined && isSampled(traceparent))
        traceRequest(tracing, { method, durationMs, code, traceparent, endMs: now() });
    },
    onMalformed(subject) {
      malformedRequests++;
      metrics?.malformed();
      logger?.warn({ event: 'malformed_request', subject }, 'a request could not be read');
    },
    onFailure(subject, error) {
      failedRequests++;
      metrics?.failed();
      logger?.error({ event: 'request_failed', subject, err: error }, 'a request failed');
    },
    figures: () => ({ malformedRequests, failedRequests }),
  };
}
