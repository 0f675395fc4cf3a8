import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { LocalSpine } from '../../local/local-spine.ts';
import { channelOf, channelOut } from '../../subjects/subjects.ts';
import { byName } from '../channel-log.ts';
import type {
  Append,
  Appended,
  ChannelAddress,
  ChannelLog,
  HeldChannel,
  LogEnd,
  LogEntry,
  LogPosition,
  ReadRange,
} from '../channel-log.ts';
import { conflict } from '../conflict.ts';
import type { ProfileOf } from '../log-rules.ts';
import type { LogEraser } from '../erasing/log-eraser.ts';
import { createMemoryLogFeed } from '../feed/memory-log-feed.ts';
import type { LogFeed } from '../feed/log-feed.ts';
import { ChannelRing, entryBytes } from './channel-ring.ts';
import type { StoredEntry } from './channel-ring.ts';
import { EmptiedChannels } from './emptied-channels.ts';
import { createRingEraser } from './ring-eraser.ts';
import { SeenIds } from './seen-ids.ts';

/** What the in-memory log is made of. */
export interface MemoryChannelLogOptions {
  /** Delivers what is stored. */
  readonly spine: LocalSpine;
  /** Profile of a channel; read each time, since layouts change. */
  readonly profileOf: ProfileOf;
  /**
   * The layout that brought a channel to its profile, 1 = the first: with another one it begins anew, by another epoch.
   * Default: always the first.
   */
  readonly generationOf?: (address: ChannelAddress) => number;
  /** Ms since the Unix epoch. */
  readonly now: () => number;
  /** Fills the bytes it is given with randomness. */
  readonly random: (bytes: Uint8Array) => void;
  /** Bound of all entries together; the oldest go first. Default 64 MiB. */
  readonly maxBytes?: number;
  /** How long an id is remembered. Default 120 s (LOG-5). */
  readonly windowMs?: number;
  /** How many ids are remembered at most; a busier bus has a shorter window. Default 500,000 (about 100 MB). */
  readonly maxIds?: number;
}

/**
 * Makes a log that lives as long as the process (LOG-4): a random epoch, one counter for all channels, so that a
 * channel's sequences have holes as in JetStream. Of a channel that holds nothing any more, the last sequence is
 * remembered: every publication names its true predecessor, kept or not. `durable` is kept as `history` here: it does not survive the process.
 *
 * The log owns the bytes it is given: nobody may write to them later. Appending to a `live` channel is a programmer
 * error and throws; so does an address with invalid names.
 */
export function createMemoryChannelLog(options: MemoryChannelLogOptions): MemoryLog {
  return new MemoryChannelLog(options);
}

const DEFAULT_MAX_BYTES = 67_108_864;
const DEFAULT_WINDOW_MS = 120_000;
const DEFAULT_MAX_IDS = 500_000;
const MAX_EMPTIED_CHANNELS = 50_000;

/** A log of one process; `feed` reads it as a whole, `eraser` takes publications out of it. */
export interface MemoryLog extends ChannelLog {
  readonly feed: LogFeed;
  readonly eraser: LogEraser;
}

class MemoryChannelLog implements MemoryLog {
  readonly feed: LogFeed;
  readonly eraser: LogEraser;
  readonly #spine: LocalSpine;
  readonly #profileOf: ProfileOf;
  readonly #generationOf: (address: ChannelAddress) => number;
  readonly #now: () => number;
  readonly #epoch: string;
  readonly #maxBytes: number;
  readonly #seen: SeenIds;
  readonly #rings = new Map<string, ChannelRing>();
  readonly #emptied = new EmptiedChannels(MAX_EMPTIED_CHANNELS);
  #oldest: StoredEntry | undefined;
  #newest: StoredEntry | undefined;
  #bytes = 0;
  #lastSeq = 0;

  constructor(options: MemoryChannelLogOptions) {
    this.#spine = options.spine;
    this.#profileOf = options.profileOf;
    this.#generationOf = options.generationOf ?? (() => 1);
    this.#now = options.now;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#seen = new SeenIds(options.windowMs ?? DEFAULT_WINDOW_MS, options.maxIds ?? DEFAULT_MAX_IDS, options.now());
    this.#epoch = createEpoch(options.random);
    this.eraser = createRingEraser(this.#rings, (entry) => this.#forget(entry));
    this.feed = createMemoryLogFeed({
      epoch: this.#epoch,
      entriesAfter: (seq) => this.#entriesAfter(seq),
      lastSeq: () => this.#lastSeq,
      epochOf: (generation) => this.#epochOf(generation),
      generationOf: this.#generationOf,
    });
  }

  append(append: Append): Promise<Appended> {
    const ring = this.#find(append.address) ?? this.#createRing(append.address);
    const epoch = this.#epochOf(ring.generation);
    const refusal = this.#refusalOf(ring, append.data);
    if (refusal !== undefined) return Promise.reject(refusal);
    const nowMs = this.#now();
    const { user, id } = append;
    const seen = this.#seen.find(ring.subject, user, id, nowMs);
    if (seen !== undefined) return Promise.resolve({ seq: seen.seq, epoch, duplicate: true });
    this.#expire(ring, nowMs);
    const lastSeq = ring.newest?.seq ?? 0;
    if (append.expectedSeq !== undefined && append.expectedSeq !== lastSeq) {
      return Promise.reject(conflict(lastSeq, epoch));
    }
    const seq = this.#store(ring, ownBytes(append.data), user, nowMs);
    this.#seen.add(ring.subject, user, id, seq, nowMs);
    return Promise.resolve({ seq, epoch, duplicate: false });
  }

  async read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    return this.#current(address)?.read(range) ?? [];
  }

  async position(address: ChannelAddress): Promise<LogPosition> {
    const ring = this.#current(address);
    const { tenant, room, channel } = address;
    const { lastSeq } = ring ?? this.#emptied.endsOf(channelOut(tenant, room, channel));
    const epoch = this.#epochOf(this.#generationOf(address));
    return { epoch, firstSeq: ring?.oldest?.seq ?? 0, lastSeq, endSeq: lastSeq, stream: '' };
  }

  async end(address: ChannelAddress): Promise<LogEnd> {
    return { epoch: this.#epochOf(this.#generationOf(address)), endSeq: this.#lastSeq };
  }

  async isWholeAfter(address: ChannelAddress, seq: number): Promise<boolean> {
    const { tenant, room, channel } = address;
    const { lastSeq, lostSeq } = this.#current(address) ?? this.#emptied.endsOf(channelOut(tenant, room, channel));
    return seq <= lastSeq && seq >= lostSeq;
  }

  async channels(tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
    const ownSubject = channelOut(tenant, room, '*');
    const prefix = ownSubject.slice(0, ownSubject.lastIndexOf('.') + 1);
    const nowMs = this.#now();
    const held: HeldChannel[] = [];
    for (const ring of this.#rings.values()) {
      if (!ring.subject.startsWith(prefix)) continue;
      this.#expire(ring, nowMs);
      const channel = channelOf(ring.subject);
      const isHere = ring.generation === this.#generationOf({ tenant, room, channel });
      if (ring.length > 0 && isHere) held.push({ channel, epoch: this.#epochOf(ring.generation) });
    }
    return held.sort(byName);
  }

  async trim(address: ChannelAddress, beforeSeq: number): Promise<void> {
    const ring = this.#current(address);
    if (ring === undefined) return;
    for (let oldest = ring.oldest; oldest !== undefined && oldest.seq < beforeSeq; oldest = ring.oldest) {
      this.#evict(oldest);
    }
  }

  /**
   * Entries behind a sequence; what has expired and was not touched since is among them.
   *
   * @yields them in their order.
   */
  *#entriesAfter(seq: number): Iterable<StoredEntry> {
    let first = this.#newest;
    while (first?.older !== undefined && first.older.seq > seq) first = first.older;
    for (let entry = first; entry !== undefined; entry = entry.newer) if (entry.seq > seq) yield entry;
  }

  #createRing(address: ChannelAddress): ChannelRing {
    const { tenant, room, channel } = address;
    const profile = this.#profileOf(room, channel);
    if (profile.logClass === 'live') throw new Error(`live channels have no log: ${room}:${channel}`);
    const subject = channelOut(tenant, room, channel);
    return new ChannelRing(subject, profile, this.#generationOf(address), this.#emptied.endsOf(subject));
  }

  /** The ring of a channel, by the layout in force; what one holds that has moved since is gone. */
  #find(address: ChannelAddress): ChannelRing | undefined {
    const { tenant, room, channel } = address;
    const ring = this.#rings.get(channelOut(tenant, room, channel));
    if (ring === undefined) return undefined;
    if (ring.generation === this.#generationOf(address)) {
      ring.profile = this.#profileOf(room, channel);
      return ring;
    }
    for (let oldest = ring.oldest; oldest !== undefined; oldest = ring.oldest) this.#evict(oldest);
    return undefined;
  }

  #epochOf(generation: number): string {
    return generation === 1 ? this.#epoch : `${this.#epoch}-${generation}`;
  }

  #refusalOf(ring: ChannelRing, data: Uint8Array): BusError | undefined {
    if (this.#spine.status() !== 'connected') return new BusError('UNAVAILABLE', 'The Spine is closed.');
    const bytes = entryBytes(data);
    if (bytes <= this.#maxBytes && bytes <= ring.profile.maxBytes && ring.profile.maxMessages > 0) return undefined;
    return new BusError('UNAVAILABLE', 'The log has no room for this message.');
  }

  /** Stores, delivers with the position, then makes room: the previous sequence is that from before the eviction. */
  #store(ring: ChannelRing, data: Uint8Array, user: string, nowMs: number): number {
    const prevSeq = ring.lastSeq;
    const seq = ++this.#lastSeq;
    if (ring.length === 0) {
      this.#rings.set(ring.subject, ring);
      this.#emptied.remove(ring.subject);
    }
    const keptPrevSeq = ring.newest?.seq ?? ring.lostSeq;
    const entry = {
      ring,
      seq,
      prevSeq: keptPrevSeq,
      timestampMs: nowMs,
      data,
      user,
      older: this.#newest,
      newer: undefined,
    };
    ring.push(entry);
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#bytes += entryBytes(data);
    this.#spine.deliver({ subject: ring.subject, data, seq, prevSeq });
    this.#expire(ring, nowMs);
    this.#makeRoom(nowMs);
    return seq;
  }

  #current(address: ChannelAddress): ChannelRing | undefined {
    const ring = this.#find(address);
    if (ring !== undefined) this.#expire(ring, this.#now());
    return ring;
  }

  #expire(ring: ChannelRing, nowMs: number): void {
    while (ring.oldest !== undefined && ring.isOverdue(nowMs)) this.#evict(ring.oldest);
  }

  /** Frees what the bound asks for, and on the way what has expired in channels that nobody touches. */
  #makeRoom(nowMs: number): void {
    while (this.#oldest !== undefined && (this.#bytes > this.#maxBytes || this.#oldest.ring.isOverdue(nowMs))) {
      this.#evict(this.#oldest);
    }
  }

  /** Takes out an entry that is the oldest of its ring. */
  #evict(entry: StoredEntry): void {
    entry.ring.shift();
    this.#forget(entry);
  }

  /** An entry is no longer in its ring. */
  #forget(entry: StoredEntry): void {
    const { ring } = entry;
    if (ring.length === 0 && this.#rings.delete(ring.subject)) this.#emptied.add(ring.subject, ring);
    this.#bytes -= entryBytes(entry.data);
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
  }
}

function createEpoch(random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(8);
  random(bytes);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A view of a larger buffer would keep all of it alive, beyond what the bound counts: such bytes are copied. */
function ownBytes(data: Uint8Array): Uint8Array {
  return data.byteLength === data.buffer.byteLength ? data : new Uint8Array(data);
}
