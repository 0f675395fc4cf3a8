import { BusError } from '@arqonbus/protocol';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { LogEntry, ReadRange } from '../channel-log.ts';
import type { ChannelEnd } from './channel-end.ts';
import type { FoundEntries } from './range-collector.ts';

/** What reading a channel needs. */
export interface ChannelReaderOptions {
  /** Reads the range from a copy of the stream, whichever it is. */
  readonly readOnce: (range: ReadRange) => Promise<FoundEntries>;
  /** The channel's last sequence, 0 = none, as the leader of the copies tells it. Absent = there is but one copy. */
  readonly leaderSeq?: (() => Promise<number>) | undefined;
  /** How far the channel goes, and how much of the stream was known where that was told. */
  readonly endOf: () => Promise<ChannelEnd>;
  /**
   * Whether the stream has lost nothing of the channel after a sequence to its limits, as one tells it who has heard of another
   * sequence. Asked where the messages do not tell.
   */
  readonly isWhole: (afterSeq: number, knownSeq: number) => Promise<boolean>;
  /** How long a copy may lag behind. */
  readonly timeoutMs: number;
  /** Runs something later. Default `setTimeout`. */
  readonly startTimer?: (run: () => void, afterMs: number) => void;
}

const LAG_PAUSE_MS = 20;

/**
 * Reads a channel's entries (LOG-18). A stored message does not name the one before it, so previous sequences are derived:
 * the read begins at the position itself, and what is there is the predecessor. Where that is gone, the stream's limits may
 * tell whether anything is missing; else nobody can know. A copy that has not got everything yet which the leader had when
 * the read began is read again; `UNAVAILABLE` where it stays so. Where the only copy leaves out what it counts, nobody knows what
 * came before the first entry.
 */
export async function readChannel(options: ChannelReaderOptions, range: ReadRange): Promise<readonly LogEntry[]> {
  const { entries, isTorn = false } = await findCaughtUp(options, range);
  const [first, ...rest] = entries;
  if (first !== undefined && isTorn && range.order !== 'newest') return [{ ...first, prevSeq: UNKNOWN_SEQ }, ...rest];
  return prove(entries, range, options);
}

/** As {@link readChannel}, without a look at what came before the first entry. */
export async function readCaughtUp(
  options: Omit<ChannelReaderOptions, 'isWhole'>,
  range: ReadRange,
): Promise<readonly LogEntry[]> {
  return (await findCaughtUp(options, range)).entries;
}

async function findCaughtUp(options: Omit<ChannelReaderOptions, 'isWhole'>, range: ReadRange): Promise<FoundEntries> {
  const { readOnce } = options;
  const until = await untilKnown(options, () => leaderEnd(options, range.knownSeq ?? 0));
  return untilKnown(options, async () => {
    const found = await readOnce(range);
    const isBehind = !found.isComplete && found.lastSeq < until && until > (range.afterSeq ?? 0);
    return isBehind ? undefined : found;
  });
}

/**
 * The channel's last sequence, as the leader tells it; undefined where who answers has not heard of what is known. A server
 * that was cut off goes on to lead what it had, for some seconds, and answers those who are connected to it.
 */
async function leaderEnd(
  { leaderSeq, endOf }: Pick<ChannelReaderOptions, 'leaderSeq' | 'endOf'>,
  knownSeq: number,
): Promise<number | undefined> {
  if (leaderSeq === undefined) return 0;
  const seq = await leaderSeq();
  if (seq >= knownSeq) return seq;
  // What is known may have been erased or trimmed since: then the stream goes further than its channel.
  const { channelSeq, streamSeq } = await endOf();
  return streamSeq < knownSeq ? undefined : channelSeq;
}

/** Asks again while there is no answer; `UNAVAILABLE` where it stays so. */
async function untilKnown<T>(
  { timeoutMs, startTimer = setTimeout }: Pick<ChannelReaderOptions, 'timeoutMs' | 'startTimer'>,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += LAG_PAUSE_MS) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (waitedMs >= timeoutMs) throw new BusError('UNAVAILABLE', 'A copy of the log lags behind.');
    await new Promise<void>((resolve) => {
      startTimer(resolve, LAG_PAUSE_MS);
    });
  }
}

/** Finds out whether the first entry is what follows the position, where the position itself is not there to tell. */
async function prove(
  entries: readonly LogEntry[],
  { afterSeq = 0, sinceMs, order }: ReadRange,
  { isWhole }: ChannelReaderOptions,
): Promise<readonly LogEntry[]> {
  const [first, ...rest] = entries;
  if (first?.prevSeq !== UNKNOWN_SEQ || sinceMs !== undefined || order === 'newest') return entries;
  return (await isWhole(afterSeq, first.seq)) ? [{ ...first, prevSeq: afterSeq }, ...rest] : entries;
}
