import { BusError } from '@arqonbus/protocol';
import type { ErrorCode, LogClass } from '@arqonbus/protocol';
import type { Appended } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import { createClassCounters, forEachClass } from '../delivery/class-counters.ts';

/** What publishing is counted by (TEL-2). Functions that are made once: nothing is allocated for a message. */
export interface PublishCounters {
  /** Counts a publication that the Spine has taken. */
  live(): void;
  /** For each class: counts what the log says of an append, and gives it back. */
  readonly stored: Readonly<Record<LogClass, (appended: Appended) => Appended>>;
  /** Counts a private message whose targets were all found. */
  private(): void;
  /** Counts a publication that passed the pipeline and was not taken. */
  failed(error: unknown): void;
}

/** Counters in this registry. */
export function createPublishCounters(metrics: Metrics): PublishCounters {
  const name = 'arqonbus_messages_published_total';
  const help =
    'Publications of clients that the Spine or the log has taken, by class of channel; private messages too.';
  const published = createClassCounters(metrics, name, help);
  const privates = metrics.counter(name, help, { class: 'private' });
  const duplicates = metrics.counter(
    'arqonbus_messages_duplicate_total',
    'Publications that the log had stored before under the same id.',
  );
  const failures = metrics.labelledCounter(
    'arqonbus_messages_failed_total',
    'Publications that passed the pipeline and were not taken, by code of the error.',
    'code',
    { values: ['UNAVAILABLE', 'TIMEOUT', 'INTERNAL_ERROR'] },
  );
  return {
    live: () => published.live.inc(),
    stored: forEachClass((logClass) => (appended) => {
      if (appended.duplicate) duplicates.inc();
      else published[logClass].inc();
      return appended;
    }),
    private: () => privates.inc(),
    failed: (error) => failures.inc((error instanceof BusError ? error.code : 'INTERNAL_ERROR') satisfies ErrorCode),
  };
}
