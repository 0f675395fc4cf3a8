import { countEvents } from '@arqonbus/runtime';
import type { Metrics } from '@arqonbus/telemetry';
import type { DeliveryCount } from './delivery/deliverer.ts';

/** What is known of webhooks when somebody asks. */
export interface WebhookFigures {
  readonly hooks: () => number;
  readonly underWay: () => number;
  readonly retries: () => number;
  readonly open: () => number;
}

/** Counts what becomes of webhooks (TEL-2). */
export interface WebhookMetrics {
  counted(count: DeliveryCount): void;
  took(seconds: number): void;
  /** So many deliveries could not be noted. */
  notNoted(deliveries: number): void;
  circuitOpened(): void;
  malformed(): void;
  /** Counts what Brains themselves put into the queue. */
  readonly events: ReturnType<typeof countEvents>;
  /** Where the gauges read from. */
  follow(figures: WebhookFigures): void;
}

const OUTCOMES: readonly DeliveryCount[] = ['delivered', 'failed', 'gone', 'dead', 'deferred', 'forbidden'];
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/** Webhooks in the metrics of a process. */
export function createWebhookMetrics(metrics: Metrics): WebhookMetrics {
  const deliveries = metrics.labelledCounter(
    'arqonbus_webhook_deliveries_total',
    'Attempts to deliver to webhooks, and what stood in their place, by outcome.',
    'outcome',
    { values: OUTCOMES },
  );
  const durations = metrics.histogram(
    'arqonbus_webhook_attempt_duration_seconds',
    'One attempt, from looking up the name to the end of the answer.',
    BUCKETS_SECONDS,
  );
  const notNoted = metrics.counter(
    'arqonbus_webhook_log_dropped_total',
    'Deliveries that could not be noted in the list of deliveries.',
  );
  const opened = metrics.counter(
    'arqonbus_webhook_circuits_opened_total',
    'Times that an endpoint was left alone because it failed all the time.',
  );
  const malformed = metrics.counter(
    'arqonbus_webhook_items_malformed_total',
    'Work for webhooks that could not be read.',
  );
  let figures: WebhookFigures = { hooks: () => 0, underWay: () => 0, retries: () => 0, open: () => 0 };
  metrics.gauge('arqonbus_webhooks', 'Webhooks, of all tenants.', () => figures.hooks());
  metrics.gauge('arqonbus_webhook_under_way', 'Events and retries that this Brain is about.', () => figures.underWay());
  metrics.gauge('arqonbus_webhook_retries_waiting', 'Deliveries that wait for another attempt.', () =>
    figures.retries(),
  );
  metrics.gauge('arqonbus_webhook_circuits_open', 'Endpoints that are left alone now.', () => figures.open());
  return {
    counted: (count) => deliveries.inc(count),
    took: (seconds) => durations.observe(seconds),
    notNoted: (count) => notNoted.inc(count),
    circuitOpened: () => opened.inc(),
    malformed: () => malformed.inc(),
    events: countEvents(metrics, 'brain'),
    follow: (given) => {
      figures = given;
    },
  };
}
