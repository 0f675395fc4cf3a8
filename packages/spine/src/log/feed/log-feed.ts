import type { ChannelAddress } from '../channel-log.ts';

/** A stored publication, with its channel. */
export interface FeedEntry {
  readonly address: ChannelAddress;
  /** Of the channel, when it was read. */
  readonly epoch: string;
  readonly seq: number;
  /** Undefined = the last one of the channel in the source, unless something is missing in between. */
  readonly prevSeq: number | undefined;
  readonly timestampMs: number;
  /** Encoded `arqon.v1.Envelope` without a position. */
  readonly data: Uint8Array;
  /** Who published it; '' where the log does not know. */
  readonly user: string;
}

/** How much of a source to read at once. */
export interface FeedLimits {
  readonly limit: number;
  /** The page ends once its entries hold this many bytes of data. */
  readonly maxBytes: number;
}

/** Some entries of a source in the order of their sequences. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Everything up to here has been looked at. */
  readonly endSeq: number;
  /** The source's last sequence when the page was read: `endSeq` = this was all. */
  readonly lastSeq: number;
  /** Something is missing right before each of these sequences: expired, dropped or erased. Growing. */
  readonly gaps: readonly number[];
  /** How many sequences between the position and `endSeq` are missing. */
  readonly missing: number;
}

/**
 * Reads the log of all archived channels as a whole, for who copies it (LOG-15). A source is what has sequences of its
 * own: a stream of JetStream's, or all of the log in memory. Throws `UNAVAILABLE`.
 */
export interface LogFeed {
  /** The sources that hold archived channels, by the layout in force. */
  sources(): readonly string[];
  /** What a source is now: another one as soon as its sequences could be given again (LOG-4). */
  incarnation(source: string): Promise<string>;
  /** What an incarnation holds behind a position. Rejects with `CONFLICT` where the source is another one by now. */
  read(source: string, incarnation: string, afterSeq: number, limits: FeedLimits): Promise<FeedPage>;
}

/** Where nothing can be read as a whole. */
export const noLogFeed: LogFeed = {
  sources: () => [],
  incarnation: () => Promise.resolve(''),
  read: (_, __, afterSeq) =>
    Promise.resolve({ entries: [], endSeq: afterSeq, lastSeq: afterSeq, gaps: [], missing: 0 }),
};
