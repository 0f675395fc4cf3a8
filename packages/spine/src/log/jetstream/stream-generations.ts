import { LogStreamRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { LogStreamRecord } from '@arqonbus/protocol/spine-messages';
import type { KeyValue } from '../../key-value/key-value.ts';
import { LOG_STREAMS_PREFIX, parseLogStreamKey } from '../../subjects/keys.ts';

/** What Brains have said of the log's streams (LOG-4). */
export interface StreamGenerations {
  /** Resolves when all that was said before is known. */
  readonly ready: Promise<void>;
  /** Undefined while nobody can tell: the stream is not made yet, or the Spine was lost and nothing was read since. */
  of(stream: string): string | undefined;
  /**
   * The first sequence of a stream, as if nothing had been erased: `firstSeq` is what the stream tells, and is lower where
   * erasures alone have moved it on (LOG-15).
   */
  firstSeqOf(stream: string, firstSeq: number): number;
  /** Told the stream whose generation is another one now. */
  onChange(listener: (stream: string) => void): void;
  stop(): void;
}

/** Follows the bucket `ARQON_LOG`. */
export function followGenerations(bucket: KeyValue): StreamGenerations {
  const records = new Map<string, LogStreamRecord>();
  const listeners: ((stream: string) => void)[] = [];
  const watch = bucket.watch(LOG_STREAMS_PREFIX, ({ key, value }) => {
    const stream = parseLogStreamKey(key);
    const record = value && readMessage(LogStreamRecordSchema, value);
    const before = records.get(stream)?.generation;
    if (record === undefined) records.delete(stream);
    else records.set(stream, record);
    if (before === record?.generation) return;
    for (const listener of listeners) listener(stream);
  });
  return {
    ready: watch.ready,
    of: (stream) => (watch.isCurrent() ? records.get(stream)?.generation : undefined),
    firstSeqOf: (stream, firstSeq) => {
      const { headFromSeq = 0n, headToSeq = 0n } = records.get(stream) ?? {};
      return firstSeq >= headFromSeq && firstSeq <= headToSeq ? Number(headFromSeq) : firstSeq;
    },
    onChange: (listener) => void listeners.push(listener),
    stop: () => watch.stop(),
  };
}

/** Where nobody looks after the streams: they have one generation for ever. */
export const oneGeneration: StreamGenerations = {
  ready: Promise.resolve(),
  of: () => '',
  firstSeqOf: (_, firstSeq) => firstSeq,
  onChange: () => undefined,
  stop: () => undefined,
};
