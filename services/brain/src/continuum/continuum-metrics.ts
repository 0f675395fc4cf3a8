import type { EpisodeRefusal } from '@arqonbus/protocol';
import type { EpisodeBacklog } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';

/** What became of an event of the stream; `dead` = it is a dead letter. */
export type EpisodeCount = 'projected' | 'duplicate' | 'stale_rejected' | 'dead';

/** Why there is a dead letter; `quota` = the tenant has no room for another episode. */
export type DeadReason = EpisodeRefusal | 'quota';

/** Counts what the projector does (TEL-2, CTM-4). */
export interface ContinuumMetrics {
  /** An event was taken from the stream, so long after it was stored. */
  counted(count: EpisodeCount, lagSeconds: number): void;
  dead(reason: DeadReason): void;
  /** So many dead letters went because there were too many. */
  dropped(letters: number): void;
  /** Events could not be projected now, and come again. */
  putOff(events: number): void;
  /** What waits, seen from here; undefined = it could not be asked. */
  waits(backlog: EpisodeBacklog | undefined, nowMs: number): void;
}

const OUTCOMES: readonly EpisodeCount[] = ['projected', 'duplicate', 'stale_rejected', 'dead'];
const REASONS: readonly DeadReason[] = [
  'malformed',
  'too_large',
  'unsupported_version',
  'foreign_tenant',
  'forbidden_key',
  'quota',
];
const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600];

/** The projector in the metrics of a process. */
export function createContinuumMetrics(metrics: Metrics): ContinuumMetrics {
  const events = metrics.labelledCounter(
    'arqonbus_continuum_events_total',
    'Events of episodes that this Brain has taken from the stream, by what became of them.',
    'outcome',
    { values: OUTCOMES },
  );
  const lag = metrics.histogram(
    'arqonbus_continuum_lag_seconds',
    'From the storing of an event in the stream to its projection.',
    LAG_SECONDS,
  );
  const dead = metrics.labelledCounter(
    'arqonbus_continuum_dead_letters_total',
    'Events that could not be projected, by reason.',
    'reason',
    { values: REASONS },
  );
  const dropped = metrics.counter(
    'arqonbus_continuum_dead_letters_dropped_total',
    'Dead letters that went because their tenant had too many.',
  );
  const putOff = metrics.counter(
    'arqonbus_continuum_events_put_off_total',
    'Times that an event could not be projected at once, since Postgres could not be used or was too slow.',
  );
  let waiting = 0;
  let oldestSeconds = 0;
  metrics.gauge(
    'arqonbus_continuum_waiting_events',
    'Events in the stream that have not been projected, of all tenants; every Brain tells the same.',
    () => waiting,
  );
  metrics.gauge(
    'arqonbus_continuum_oldest_waiting_seconds',
    'For how long the oldest of them has been waiting; 0 = none waits.',
    () => oldestSeconds,
  );
  return {
    counted: (count, lagSeconds) => {
      events.inc(count);
      lag.observe(lagSeconds);
    },
    dead: (reason) => dead.inc(reason),
    dropped: (letters) => dropped.inc(letters),
    putOff: (count) => putOff.inc(count),
    waits: (backlog, nowMs) => {
      if (backlog === undefined) return;
      waiting = backlog.waiting;
      oldestSeconds = backlog.oldestAtMs === undefined ? 0 : Math.max(0, nowMs - backlog.oldestAtMs) / 1_000;
    },
  };
}
