import type { DirectBatchOptions, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { parseServerVersion } from '../../nats/server-version.ts';
import type { Subject } from '../../subjects/subject.ts';
import type { ReadRange } from '../channel-log.ts';
import { RangeCollector } from './range-collector.ts';
import type { FoundEntries, KeptNumbers } from './range-collector.ts';
import type { NamedMessage } from './recent-ids.ts';

/** What reading by batches needs. */
export interface BatchReaderOptions extends KeptNumbers {
  readonly manager: Pick<JetStreamManager, 'direct'>;
  readonly stream: string;
  /** The channel's subject in the stream. */
  readonly subject: Subject;
  /** How long a batch may take to come. */
  readonly timeoutMs: number;
  /** Whether no other copy could be the one that answers next. */
  readonly isOnlyCopy: boolean;
  /** Told of each message that is read, shown or not. */
  readonly onMessage?: ((message: NamedMessage) => void) | undefined;
}

/** From this release on a batch says rightly how many messages it leaves. */
const BATCHES_SINCE = [2, 12] as const;
/** Messages and bytes of one batch: the server sends it without a pause. */
const MAX_BATCH = 1_000;
const MAX_BATCH_BYTES = 2_097_152;
/** What a batch may hold beside the entries that are asked for: the position itself, and the message that is not shown. */
const BESIDE = 2;

/** Whether these servers answer batches. */
export function hasBatches(version: string): boolean {
  const [major, minor] = parseServerVersion(version);
  const [sinceMajor, sinceMinor] = BATCHES_SINCE;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/**
 * Reads a channel's entries by requests that are answered with many messages (LOG-18): where it is about a few it costs a
 * tenth of a consumer, and about the same where there are hundreds. Any copy of the stream answers, also one that lags.
 */
export async function readByBatches(options: BatchReaderOptions, range: ReadRange): Promise<FoundEntries> {
  let collector: RangeCollector | undefined;
  let next = startOf(range);
  let isTorn = false;
  let left = 0;
  for (;;) {
    const batch = await fetchBatch(options, { ...next, ...sizeOf(range) });
    const last = batch.at(-1);
    // Counted as there, and not there.
    isTorn ||= last === undefined ? options.isOnlyCopy && left > 0 : await leavesOut(options, range, last);
    const [first] = batch;
    collector ??= new RangeCollector(range, first === undefined ? 0 : first.pending + 1, options);
    for (const message of batch) {
      options.onMessage?.(message);
      collector.take(message, message.pending === 0);
    }
    if (collector.isDone || last === undefined) return { ...collector.found(), isTorn };
    next = { seq: last.seq + 1 };
    left = last.pending;
  }
}

/**
 * Whether the server has left out what it counted: a message that is damaged on disk is left out without a word. Within a batch the
 * numbers count down by what was sent; asked again at its end, the server counts anew. What was stored in between hides as many.
 */
async function leavesOut(options: BatchReaderOptions, { order }: ReadRange, last: BatchMessage): Promise<boolean> {
  if (!options.isOnlyCopy || order === 'newest' || last.pending === 0) return false;
  const [again] = await fetchBatch(options, { seq: last.seq, batch: 1, max_bytes: 1 });
  return again?.seq === last.seq && again.pending < last.pending;
}

interface BatchMessage extends NamedMessage {
  readonly data: Uint8Array;
  /** How many of the channel come after it. */
  readonly pending: number;
}

type Start = { readonly seq: number } | { readonly start_time: string };

function startOf({ afterSeq = 0, sinceMs }: ReadRange): Start {
  if (afterSeq > 0) return { seq: afterSeq };
  return sinceMs === undefined ? { seq: 1 } : { start_time: new Date(sinceMs).toISOString() };
}

/** The newest are found from the oldest on, so there everything is read. */
function sizeOf({ order, limit, maxBytes = MAX_BATCH_BYTES }: ReadRange): { batch: number; max_bytes: number } {
  const wanted = order === 'newest' ? MAX_BATCH : limit + BESIDE;
  return { batch: Math.min(wanted, MAX_BATCH), max_bytes: Math.min(MAX_BATCH_BYTES, Math.max(maxBytes, 1)) };
}

/** Rejects with `UNAVAILABLE` where the batch does not come, or not as a whole. */
function fetchBatch(
  { manager, stream, subject, timeoutMs }: BatchReaderOptions,
  query: Start & { readonly batch: number; readonly max_bytes: number },
): Promise<readonly BatchMessage[]> {
  const batch: BatchMessage[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new BusError('UNAVAILABLE')), timeoutMs);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      if (error === undefined || isNothing(error)) resolve(batch);
      else reject(error);
    };
    const callback = (done: { readonly err?: Error } | null, message: StoredMsg): void => {
      if (done === null) batch.push(messageOf(message));
      else end(done.err);
    };
    const options = { ...query, next_by_subj: subject, callback } as DirectBatchOptions;
    manager.direct.getBatch(stream, options).catch(end);
  });
}

/** There is no message from there on. */
function isNothing(error: Error): boolean {
  return 'code' in error && error.code === 404;
}

function messageOf({ seq, time, data, pending, header }: StoredMsg): BatchMessage {
  return { seq, id: header.get('Nats-Msg-Id'), timestampMs: time.getTime(), data, pending };
}
