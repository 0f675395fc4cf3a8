import { BusError } from '@arqonbus/protocol';
import { LogStreamRecordSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { LogStreamRecord } from '@arqonbus/protocol/spine-messages';
import { logStreamKey } from '@arqonbus/spine';
import type { KeyValue, LogStreams, StreamState } from '@arqonbus/spine';
import { replaceEntry } from '../requests/replace-entry.ts';
import { stateFields } from './stream-record.ts';

/** What telling of an erasure in a stream needs. */
export interface StreamErasingOptions {
  /** `ARQON_LOG`. */
  readonly bucket: KeyValue;
  readonly streams: Pick<LogStreams, 'state'>;
  /** Wall clock, ms since the Unix epoch. */
  readonly nowMs: () => number;
}

/** A stream, and the erasure in it. */
export interface ErasingStream {
  readonly stream: string;
  readonly erasureId: string;
  /** How long the stream keeps messages. */
  readonly maxAgeMs: number;
}

/** An erasure that takes longer in one stream proves nothing of where that begins. */
const MAX_DURATION_MS = 600_000;

/**
 * Says that what a stream loses from now on is erased, not lost (LOG-4), before anything is. Where a Brain crashes in the
 * middle the word stays, until the erasure has been ended by another one. Throws `UNAVAILABLE`.
 */
export async function beginErasing(options: StreamErasingOptions, erasing: ErasingStream): Promise<void> {
  const { nowMs } = options;
  const { erasureId, maxAgeMs } = erasing;
  await changeRecord(options, erasing.stream, (record, state) => {
    if (record.erasing === erasureId) return record;
    const isYoung = state.messages > 0 && state.firstAtMs > nowMs() - maxAgeMs + MAX_DURATION_MS;
    const erasingFromSeq = BigInt(isYoung ? state.firstSeq : 0);
    return { ...record, erasing: erasureId, erasingFromSeq, erasingSinceMs: BigInt(nowMs()) };
  });
}

/** Says that it is over: from now on what is missing was lost. Throws `UNAVAILABLE`. */
export async function endErasing(
  options: StreamErasingOptions,
  { stream, erasureId }: Omit<ErasingStream, 'maxAgeMs'>,
): Promise<void> {
  await changeRecord(options, stream, (record, state) => {
    if (record.erasing !== erasureId) return record;
    const over = { erasing: '', erasingFromSeq: 0n, erasingSinceMs: 0n };
    // Another stream by now: whoever looks after it judges by what was.
    const isSame = record.created === state.created && Number(record.lastSeq) <= state.lastSeq;
    if (!isSame) return { ...record, ...over };
    const isSoon = options.nowMs() - Number(record.erasingSinceMs) < MAX_DURATION_MS;
    return { ...record, ...over, ...stateFields(state), ...(isSoon ? headOf(record, state) : {}) };
  });
}

/** Where erasures have moved the begin of a stream on, and nothing else has, Shields take it to begin where it did. */
function headOf(
  { erasingFromSeq, headFromSeq, headToSeq }: LogStreamRecord,
  { firstSeq }: StreamState,
): Partial<Pick<LogStreamRecord, 'headFromSeq' | 'headToSeq'>> {
  if (erasingFromSeq === 0n || BigInt(firstSeq) <= erasingFromSeq) return {};
  const goesOn = erasingFromSeq >= headFromSeq && erasingFromSeq <= headToSeq;
  return { headFromSeq: goesOn ? headFromSeq : erasingFromSeq, headToSeq: BigInt(firstSeq) };
}

/** A stream that nobody looks after has no record, and is judged by nobody. */
async function changeRecord(
  { bucket, streams }: StreamErasingOptions,
  stream: string,
  change: (record: LogStreamRecord, state: StreamState) => LogStreamRecord,
): Promise<void> {
  await replaceEntry(bucket, logStreamKey(stream), async ({ known, put }) => {
    const record = known && readMessage(LogStreamRecordSchema, known.value);
    if (record === undefined) return 0;
    const state = await streams.state(stream);
    if (state === undefined) throw new BusError('UNAVAILABLE', 'A stream of the log is gone.');
    return put(toBinary(LogStreamRecordSchema, create(LogStreamRecordSchema, change(record, state))));
  });
}
