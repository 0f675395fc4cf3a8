import type { TenantId } from '@arqonbus/protocol';

/** The channel whose log is meant; `channel` is `*` for the room's own pseudo-channel (PRT-16). */
export interface ChannelAddress {
  readonly tenant: TenantId;
  readonly room: string;
  readonly channel: string;
}

/** `<tenant>/<room>:<channel>`: the key of a channel among all of a process; no two addresses share one. */
export function addressKey({ tenant, room, channel }: ChannelAddress): string {
  return `${tenant}/${room}:${channel}`;
}

/** A publication on its way into the log. */
export interface Append {
  readonly address: ChannelAddress;
  /** Encoded `arqon.v1.Envelope` without a position. */
  readonly data: Uint8Array;
  /** User and message id: the same pair in the same channel within 120 s is stored once (LOG-5). */
  readonly user: string;
  readonly id: string;
  /**
   * Store only if this is the sequence of the last publication that the log holds of the channel, 0 = if it holds none;
   * else `CONFLICT`, with that sequence and the epoch in its details (LOG-17). What is no longer kept counts for nothing.
   * A repeat of a stored publication is a duplicate and no conflict. `FEATURE_DISABLED` where the log cannot tell.
   */
  readonly expectedSeq?: number;
}

/** What the log says of an append, once it is stored. */
export interface Appended {
  readonly seq: number;
  readonly epoch: string;
  /** The id was stored before; `seq` is that of the first time, and nothing was delivered again. */
  readonly duplicate: boolean;
}

/** In place of a sequence that an adapter cannot know. */
export const UNKNOWN_SEQ = -1;

/** One stored publication. */
export interface LogEntry {
  readonly seq: number;
  /** Sequence of the publication before it in the channel, kept or not; 0 = there was none, {@link UNKNOWN_SEQ} = nobody knows. */
  readonly prevSeq: number;
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** Which entries to read. Sequences are exclusive bounds; times are a half-open window [since, until). */
export interface ReadRange {
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** `newest`: the last `limit` entries of the range, newest first. Default `oldest`. */
  readonly order?: 'oldest' | 'newest';
  readonly limit: number;
  /**
   * A sequence that the channel is known to have got: of copies that have not heard of it, no end is taken, and the read is
   * `UNAVAILABLE` where they stay so. Default: nothing is known.
   */
  readonly knownSeq?: number;
  /** Ends an `oldest` read once its entries hold this many bytes of data or more; there is always one. Default: no bound. */
  readonly maxBytes?: number;
}

/**
 * What a channel's log holds. `firstSeq` is 0 while it holds nothing, `lastSeq` when it never held anything or nobody
 * can know.
 */
export interface LogPosition {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Every publication of the channel that comes from now on has a higher sequence, also where it holds nothing. */
  readonly endSeq: number;
  /** The stream that keeps the channel; empty where there is but one. */
  readonly stream: string;
}

/** How far the part of a log goes that a channel is in. */
export interface LogEnd {
  readonly epoch: string;
  /** The same as before = nothing came, to none of the channels in it. */
  readonly endSeq: number;
}

/** A channel that a log holds something of. */
export interface HeldChannel {
  /** `*` = the room's own pseudo-channel. */
  readonly channel: string;
  readonly epoch: string;
}

/**
 * The ordered history of channels (LOG-1). An append is delivered on the channel's `arqon.out` subject with its
 * position before it is acknowledged or soon after, exactly once. Failures are `BusError`s: `UNAVAILABLE` and `CONFLICT` =
 * not stored, `TIMEOUT` = unknown (LOG-7).
 */
export interface ChannelLog {
  append(append: Append): Promise<Appended>;
  read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]>;
  /**
   * Where the channel is. `claimedSeq`: a sequence that somebody says it has got; where copies of the log have not heard of it they
   * are asked again for some 1.3 s, and believed then. Default: nothing is claimed.
   */
  position(address: ChannelAddress, claimedSeq?: number): Promise<LogPosition>;
  /** As `position`, but one question for all channels that are kept together, so that asking for many costs little (LOG-16). */
  end(address: ChannelAddress): Promise<LogEnd>;
  /**
   * Whether the log has lost nothing of the channel after a sequence that was its `endSeq` once (LOG-9). False where that
   * cannot be told. `knownSeq`: as in {@link ReadRange}; without it, the sequence itself is claimed as for `position`.
   */
  isWholeAfter(address: ChannelAddress, seq: number, knownSeq?: number): Promise<boolean>;
  /** The channels of a room that the log holds something of, by name (LOG-19); a channel needs no members for that. */
  channels(tenant: TenantId, room: string): Promise<readonly HeldChannel[]>;
  /** Removes every entry with a sequence below `beforeSeq`. */
  trim(address: ChannelAddress, beforeSeq: number): Promise<void>;
}

/** Order of channels by name, the same everywhere: by code unit. */
export function byName(one: HeldChannel, other: HeldChannel): number {
  return one.channel < other.channel ? -1 : 1;
}

/**
 * Why channels may have another epoch: a layout has moved some, and their old sequences stay good for what comes of where
 * they were; or a stream has lost something, and its sequences may be used again.
 */
export type LogChange = { readonly kind: 'layout' } | { readonly kind: 'generation'; readonly stream: string };
