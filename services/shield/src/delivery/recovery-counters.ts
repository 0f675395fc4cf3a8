import type { Counter, Metrics } from '@arqonbus/telemetry';
import type { Hole } from './catch-up.ts';

/**
 * Where something that was missed is brought back: at a join with a position, to a subscriber that is behind, or to a
 * whole Shield that the Spine did not reach.
 */
export type RecoveryPath = 'join' | 'catch_up' | 'gap';

/** What became of what was missed (TEL-2). */
export interface RecoveryCounters {
  /** Counts one recovery: everything was had again, or not. */
  recovery(path: RecoveryPath, isRecovered: boolean): void;
  /** Counts publications that did not come by the Spine and were read from the log. */
  refetched(count: number): void;
  /** Counts that somebody was brought something of a channel's past: read from the log for it, or shared with others (LOG-10). */
  read(from: 'log' | 'page'): void;
  /** Counts that all subscribers of a channel here were told of a loss. */
  discontinuity(reason: Hole | 'spine'): void;
}

/** Counters in this registry. */
export function createRecoveryCounters(metrics: Metrics): RecoveryCounters {
  const pair = (path: RecoveryPath): { readonly yes: Counter; readonly no: Counter } => {
    const of = (recovered: 'true' | 'false'): Counter =>
      metrics.counter(
        'arqonbus_recoveries_total',
        'Times that something missed was looked for in the log, by where and whether all of it was there.',
        { path, recovered },
      );
    return { yes: of('true'), no: of('false') };
  };
  const recoveries = { join: pair('join'), catch_up: pair('catch_up'), gap: pair('gap') };
  const refetched = metrics.counter(
    'arqonbus_messages_refetched_total',
    'Publications that did not come by the Spine and were read from the log.',
  );
  const readOf = (from: 'log' | 'page'): Counter =>
    metrics.counter(
      'arqonbus_recovery_reads_total',
      'Pages of a channel that recoveries asked for, by where they came from: the log, or a page that was read for others.',
      { from },
    );
  const reads = { log: readOf('log'), page: readOf('page') };
  const discontinuities = metrics.labelledCounter(
    'arqonbus_discontinuities_total',
    'Times that the subscribers of a channel were told that publications may be lost, by reason.',
    'reason',
  );
  return {
    recovery: (path, isRecovered) => recoveries[path][isRecovered ? 'yes' : 'no'].inc(),
    read: (from) => reads[from].inc(),
    refetched: (count) => refetched.inc(count),
    discontinuity: (reason) => discontinuities.inc(reason),
  };
}
