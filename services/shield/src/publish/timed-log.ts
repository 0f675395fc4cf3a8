import type { ChannelLog } from '@arqonbus/spine';
import type { Histogram, Metrics } from '@arqonbus/telemetry';

/** The time of one append in this many is taken: it needs two clock reads and a reaction to the promise. */
const TIMED_EVERY = 16;

const BUCKETS_SECONDS = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** A log whose appends are timed, those that fail too (TEL-2). */
export function createTimedLog(
  log: Pick<ChannelLog, 'append'>,
  metrics: Metrics,
  monotonicMs: () => number,
): Pick<ChannelLog, 'append'> {
  const durations: Histogram = metrics.histogram(
    'arqonbus_log_append_duration_seconds',
    `From handing a publication to the log to its answer, of one in ${TIMED_EVERY}.`,
    BUCKETS_SECONDS,
  );
  let untilTimed = TIMED_EVERY;
  return {
    append: (append) => {
      const appended = log.append(append);
      untilTimed -= 1;
      if (untilTimed > 0) return appended;
      untilTimed = TIMED_EVERY;
      const startedMs = monotonicMs();
      const observe = (): void => durations.observe((monotonicMs() - startedMs) / 1000);
      void appended.then(observe, observe);
      return appended;
    },
  };
}
