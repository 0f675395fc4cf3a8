import type { Metrics } from '@arqonbus/telemetry';

/** What is counted of requests (TEL-2). */
export interface BridgeObserver {
  /** A request was answered; the route is the name that we gave it, '' = it found none. */
  answered(route: string, status: number, durationMs: number): void;
  /** A call of gRPC was answered, with this status; a stream has no duration. */
  called(method: string, status: number, durationMs?: number): void;
  /** A request or call came, or one has been answered. */
  readonly inFlight: { count: number };
}

const BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts in this registry. */
export function createBridgeMetrics(metrics: Metrics): BridgeObserver {
  const inFlight = { count: 0 };
  metrics.gauge('arqonbus_bridge_requests_in_flight', 'Requests and calls being answered.', () => inFlight.count);
  const requests = metrics.labelledCounter('arqonbus_bridge_requests_total', 'Requests answered, by route.', 'route');
  const statuses = metrics.labelledCounter(
    'arqonbus_bridge_responses_total',
    'Requests answered, by status of HTTP.',
    'status',
    { values: ['200', '400', '401', '403', '404', '429', '503'] },
  );
  const calls = metrics.labelledCounter('arqonbus_bridge_grpc_requests_total', 'Calls of gRPC, by method.', 'method');
  const outcomes = metrics.labelledCounter(
    'arqonbus_bridge_grpc_responses_total',
    'Calls of gRPC, by status.',
    'status',
    { values: ['0', '3', '4', '5', '7', '8', '12', '13', '14', '16'] },
  );
  const durations = metrics.histogram(
    'arqonbus_bridge_request_duration_seconds',
    'From the head of a request or call to its whole answer; streams are not among them.',
    BUCKETS_SECONDS,
  );
  return {
    inFlight,
    answered: (route, status, durationMs) => {
      requests.inc(route === '' ? 'none' : route);
      statuses.inc(String(status));
      durations.observe(durationMs / 1000);
    },
    called: (method, status, durationMs) => {
      calls.inc(method);
      outcomes.inc(String(status));
      if (durationMs !== undefined) durations.observe(durationMs / 1000);
    },
  };
}
