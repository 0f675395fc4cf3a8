import { absent, counter, gauge } from './series.ts';
import type { Series } from './series.ts';

/** An alert on what is wrong right now: what makes it fire by the end of `minutes`, and what must not. */
export interface ImmediateAlert {
  readonly minutes: number;
  readonly fires: readonly (readonly Series[])[];
  readonly silent: readonly (readonly Series[])[];
}

/** Probes of the Spine a minute, so many of them slower than a quarter of a second. */
function probes(slow: number, minutes: number): readonly Series[] {
  const bucket = (le: string, perMinute: number): Series =>
    counter(`arqonbus_spine_round_trip_seconds_bucket{instance="a",le="${le}"}`, [[perMinute, minutes]]);
  return [bucket('0.25', 12 - slow), bucket('0.5', 12), bucket('+Inf', 12)];
}

/** A gauge of one process that is wrong at 0: long enough, too shortly, never. */
function zeroGauge(series: string, forMinutes: number): ImmediateAlert {
  const minutes = 10 + forMinutes;
  return {
    minutes,
    fires: [[gauge(series, [1, 8], [0, forMinutes + 5])]],
    silent: [[gauge(series, [1, minutes])], [gauge(series, [1, 8], [0, 0], [1, minutes])]],
  };
}

/** A certificate with a little less than so many days to go, one that has expired, and one with a little more. */
function certificate(days: number, minutes: number): ImmediateAlert {
  const name = 'arqonbus_tls_certificate_expiry_timestamp_seconds{instance="a",listener="shield"}';
  const expiry = (atSeconds: number): readonly Series[] => [gauge(name, [atSeconds, minutes])];
  return {
    minutes,
    fires: [expiry(days * 86_400), expiry(60)],
    // It is renewed before anybody has to look.
    silent: [expiry(days * 86_400 + 60 * minutes + 60), [gauge(name, [60, 3], [90 * 86_400, minutes])]],
  };
}

/** A counter of what should never happen: once is enough, for a quarter of an hour. */
function neverCounter(...names: readonly string[]): ImmediateAlert {
  const once = (name: string): Series =>
    counter(name, [
      [0, 8],
      [1, 0],
      [0, 30],
    ]);
  return {
    minutes: 12,
    fires: names.map((name) => [once(name)]),
    silent: [names.map((name) => counter(name, [[0, 30]])), names.map((name) => gauge(name, [5, 30]))],
  };
}

/** Occurrences a minute, so many of them more than 5 s late. */
function schedules(late: number, minutes: number): readonly Series[] {
  const bucket = (le: string, perMinute: number): Series =>
    counter(`arqonbus_cron_lag_seconds_bucket{instance="a",le="${le}"}`, [[perMinute, minutes]]);
  return [bucket('5', 60 - late), bucket('10', 60), bucket('+Inf', 60)];
}

const ended = (state: string, perMinute: number): Series =>
  counter(`arqonbus_tasks_ended_total{state="${state}"}`, [[perMinute, 40]]);
const tasks = (waiting: number, done: number): readonly Series[] => [
  gauge('arqonbus_brain_tasks_waiting', [waiting, 40]),
  ended('done', done),
];

const brains = (first: Series, second: Series): readonly Series[] => [first, second];
const partitions = (instance: string): string => `arqonbus_brain_partitions{instance="${instance}"}`;
const refused = (reason: string, perMinute: number): Series =>
  counter(`arqonbus_connections_refused_total{reason="${reason}"}`, [[perMinute, 30]]);
const slowConsumers = (slow: number): readonly Series[] => [
  gauge('arqonbus_slow_consumers{instance="a"}', [slow, 30]),
  gauge('arqonbus_connections{instance="a"}', [1_000, 30]),
];

/** Requests and calls a minute, those of HTTP that fail and those of gRPC that do. */
function bridge(good: number, unavailable: number, failedCalls = 0): readonly Series[] {
  const http = (status: string, perMinute: number): Series =>
    counter(`arqonbus_bridge_responses_total{status="${status}"}`, [[perMinute, 30]]);
  const grpc = (status: string, perMinute: number): Series =>
    counter(`arqonbus_bridge_grpc_responses_total{status="${status}"}`, [[perMinute, 30]]);
  return [http('200', good), http('503', unavailable), http('403', 5), grpc('0', good), grpc('14', failedCalls)];
}
const outboxes = (state: string, ...phases: Parameters<typeof gauge>[1][]): Series =>
  gauge(`arqonbus_outboxes{state="${state}"}`, ...phases);

/** Every alert of the group `arqonbus-now`. */
export const immediateAlerts: Readonly<Record<string, ImmediateAlert>> = {
  ArqonbusSpineLost: zeroGauge('arqonbus_spine_connected{instance="a"}', 1),
  ArqonbusBansUnknown: zeroGauge('arqonbus_bans_current{instance="a"}', 2),
  ArqonbusBrainUnheard: zeroGauge('arqonbus_membership_heard{instance="a"}', 2),
  ArqonbusCertificateExpires: certificate(14, 70),
  ArqonbusCertificateAboutToExpire: certificate(2, 15),
  ArqonbusPostgresDown: zeroGauge('arqonbus_postgres_up{instance="a"}', 2),
  ArqonbusArchiveLags: {
    minutes: 30,
    fires: [[gauge('arqonbus_archive_lag_seconds', [400, 30])]],
    // A burst, and a Postgres that was restarted.
    silent: [
      [gauge('arqonbus_archive_lag_seconds', [200, 30])],
      [gauge('arqonbus_archive_lag_seconds', [400, 3], [0, 27])],
    ],
  },
  ArqonbusLogDamaged: {
    minutes: 3,
    fires: [
      [
        gauge('arqonbus_log_damaged_bytes{instance="a"}', [0, 1], [4_096, 5]),
        gauge('arqonbus_log_damaged_bytes{instance="b"}', [0, 6]),
      ],
    ],
    silent: [[gauge('arqonbus_log_damaged_bytes{instance="a"}', [0, 6])]],
  },
  ArqonbusLogLost: neverCounter('arqonbus_log_losses_total{instance="a",reason="regressed"}'),
  ArqonbusArchiveMisses: neverCounter('arqonbus_archive_missing_total{instance="a"}'),
  ArqonbusAuditChainBroken: {
    minutes: 15,
    fires: [[gauge('arqonbus_brain_broken_audit_chains', [0, 8], [1, 30])]],
    silent: [[gauge('arqonbus_brain_broken_audit_chains', [0, 30])]],
  },
  ArqonbusValkeyDown: zeroGauge('arqonbus_valkey_usable{instance="a"}', 2),
  ArqonbusPartitionsUnserved: {
    minutes: 15,
    fires: [
      brains(gauge(partitions('a'), [8, 30]), absent(partitions('b'), 30)),
      // Nobody is left to say it.
      brains(absent(partitions('a'), 30), absent(partitions('b'), 30)),
    ],
    silent: [
      brains(gauge(partitions('a'), [8, 30]), gauge(partitions('b'), [8, 30])),
      // The other one takes over.
      brains(gauge(partitions('a'), [8, 8], [16, 30]), gauge(partitions('b'), [8, 8], [0, 30])),
    ],
  },
  ArqonbusSpineSlow: { minutes: 20, fires: [probes(2, 30)], silent: [probes(0, 30), probes(2, 5)] },
  ArqonbusSpineBacklog: {
    minutes: 15,
    fires: [[gauge('arqonbus_spine_unflushed_bytes', [0, 8], [5_000_000, 30])]],
    silent: [[gauge('arqonbus_spine_unflushed_bytes', [4_000_000, 30])]],
  },
  ArqonbusEventLoopBlocked: {
    minutes: 15,
    fires: [[gauge('arqonbus_event_loop_lag_seconds', [0.3, 30])]],
    silent: [
      [gauge('arqonbus_event_loop_lag_seconds', [0.2, 30])],
      [gauge('arqonbus_event_loop_lag_seconds', [0.01, 11], [0.3, 30])],
    ],
  },
  ArqonbusSlowConsumers: { minutes: 15, fires: [slowConsumers(60)], silent: [slowConsumers(40)] },
  ArqonbusAdmissionQueued: {
    minutes: 15,
    fires: [[gauge('arqonbus_admission_waiting', [3, 30])]],
    silent: [[gauge('arqonbus_admission_waiting', [3, 8], [0, 1], [3, 30])]],
  },
  ArqonbusInternalErrors: neverCounter('arqonbus_internal_errors_total', 'arqonbus_brain_requests_failed_total'),
  ArqonbusWebhooksDropped: neverCounter('arqonbus_webhook_events_dropped_total{reason="full"}'),
  ArqonbusWebhooksDie: neverCounter('arqonbus_webhook_deliveries_total{outcome="dead"}'),
  ArqonbusBridgeFails: {
    minutes: 20,
    fires: [bridge(60, 10), bridge(60, 0, 10)],
    silent: [bridge(60, 1), bridge(0, 0)],
  },
  ArqonbusOutboxUnusable: {
    minutes: 15,
    fires: [[outboxes('unreachable', [1, 20])], [outboxes('key_refused', [0, 5], [1, 15])]],
    // A database that was restarted, and one Bridge beside the one that works.
    silent: [[outboxes('unreachable', [0, 5], [1, 0], [0, 15])], [outboxes('standby', [1, 20])]],
  },
  ArqonbusOutboxLags: {
    minutes: 25,
    fires: [[gauge('arqonbus_outbox_oldest_waiting_seconds', [90, 30])]],
    silent: [
      [gauge('arqonbus_outbox_oldest_waiting_seconds', [30, 30])],
      [gauge('arqonbus_outbox_oldest_waiting_seconds', [90, 5], [0, 25])],
    ],
  },
  ArqonbusOutboxRefuses: neverCounter('arqonbus_outbox_refused_total{code="SCHEMA_VIOLATION"}'),
  ArqonbusContinuumLags: {
    minutes: 25,
    fires: [[gauge('arqonbus_continuum_oldest_waiting_seconds', [90, 30])]],
    // A burst, and a Postgres that was restarted.
    silent: [
      [gauge('arqonbus_continuum_oldest_waiting_seconds', [30, 30])],
      [gauge('arqonbus_continuum_oldest_waiting_seconds', [90, 5], [0, 25])],
    ],
  },
  ArqonbusStoreUntold: neverCounter('arqonbus_store_untold_total'),
  ArqonbusSchedulesLate: { minutes: 20, fires: [schedules(10, 30)], silent: [schedules(0, 30), schedules(60, 3)] },
  ArqonbusSchedulesLost: neverCounter('arqonbus_cron_failed_total'),
  ArqonbusTasksDie: {
    minutes: 30,
    fires: [[ended('done', 10), ended('failed', 2)]],
    silent: [
      [ended('done', 100), ended('failed', 2)],
      [ended('done', 0), ended('expired', 0.2)],
    ],
  },
  ArqonbusTasksWait: { minutes: 36, fires: [tasks(3, 0)], silent: [tasks(3, 1), tasks(0, 0)] },
  ArqonbusMalformedOnSpine: neverCounter('arqonbus_spine_malformed_total'),
  ArqonbusAuthFailures: {
    minutes: 20,
    fires: [[refused('token_expired', 400), refused('token_signature', 400)]],
    silent: [[refused('token_expired', 500)], [refused('full', 5_000)]],
  },
};
