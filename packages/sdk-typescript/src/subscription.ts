import type { BusError, CommandResult } from '@arqonbus/protocol';
import type { Discontinuity } from './discontinuity.ts';
import type { Emitter } from './emitter.ts';
import type { HistoryOptions } from './history.ts';
import { MemberList } from './presence.ts';
import type { PresenceChange } from './presence.ts';
import type { Position } from './positions.ts';
import type { Publication } from './publication.ts';
import { createPublicationQueue } from './publication-queue.ts';
import type { PublicationQueue } from './publication-queue.ts';
import type { PublishOptions, PublishResult } from './publish-options.ts';
import type { GetState } from './state-loading.ts';

/** How to join a channel. */
export interface JoinOptions {
  /** Receive own events too (PRT-15). */
  readonly echo?: boolean;
  /** Keep `members`, and tell `presence`: who comes, goes and changes. */
  readonly presence?: boolean;
  /** Have the last n publications told in `joined.history`; once, not at reconnects. */
  readonly history?: number;
  /** What other members see about this client here; at most 1 KiB of JSON. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /**
   * Loads the state whose changes the channel tells: before the first join, and whenever what was missed cannot be had.
   * The channel then begins after the position that it gives.
   */
  readonly getState?: GetState;
}

/** A client as others see it. */
export type Member = NonNullable<CommandResult<'join_channel'>['members']>[number];

/** What the server answered to the last join. */
export interface Joined {
  /** Where the channel's log stood; undefined on channels without a log. */
  readonly position: Position | undefined;
  readonly members: readonly Member[];
  /** How many they are, which may be more than are named; undefined without `presence`. */
  readonly total: number | undefined;
  readonly history: readonly Publication[];
}

/** The channel was joined again after a lost connection. */
export interface Rejoined {
  readonly room: string;
  readonly channel: string;
  /**
   * True: everything that was published to the channel meanwhile follows, in order and once. False: something is missing
   * before what follows. Messages to the whole room are told of by `roomRecovered`.
   */
  readonly recovered: boolean;
  /** `getState` has loaded what is missing: what follows comes after the state. */
  readonly reloaded?: true;
  /** Why not: `trimmed` (no longer kept), `epoch_changed` (another log), or `no_log`. */
  readonly reason: string | undefined;
  /** The last position received before. */
  readonly lastSeen: Position | undefined;
  /** What follows comes after this position. */
  readonly position: Position | undefined;
  /**
   * The same as `recovered`, for messages to the whole room; told by the first channel of the room that is joined again,
   * undefined by the others, and where none came from a log before.
   */
  readonly roomRecovered: boolean | undefined;
}

/** What a subscription tells its listeners. */
export interface SubscriptionEvents {
  publication: Publication;
  rejoined: Rejoined;
  /** Somebody came, went or changed; only with the option `presence`. `members` knows it already. */
  presence: PresenceChange;
  /** Messages of this channel, or to its whole room, may have been lost on the server's side. */
  discontinuity: Discontinuity;
  /** Publications were dropped because nobody read them in time. */
  overflow: { readonly dropped: number };
  /** The end: by `leave()` or `close()` without an error, else why. */
  end: { readonly error: BusError | undefined };
}

/** A channel that the client has joined; joined again by itself after each reconnect. */
export interface Subscription extends AsyncIterable<Publication, undefined> {
  readonly room: string;
  readonly channel: string;
  /** `joining` also while it is being joined again. */
  readonly state: 'joining' | 'joined' | 'ended';
  /** What the server answered to the last join. */
  readonly joined: Joined;
  /** Who is there now, by client id; empty without the option `presence`, and in channels with too many to name. */
  readonly members: ReadonlyMap<string, Member>;
  /** Publishes to this channel; see `ArqonClient.publish`. */
  publish(payload: unknown, options?: PublishOptions): Promise<PublishResult>;
  /** Reads what the channel's log keeps; see `ArqonClient.history`. */
  history(options?: HistoryOptions): AsyncIterable<Publication>;
  /** Adds a listener; the returned function takes it away. The first reader gets what came since the join. */
  on<N extends keyof SubscriptionEvents>(name: N, listener: (event: SubscriptionEvents[N]) => void): () => void;
  /** Leaves the channel for everybody who shares this subscription. */
  leave(): Promise<void>;
  /**
   * Reads publications one by one, beginning with what came while nobody read. Ends with the subscription; throws a
   * BusError `UNAVAILABLE` with `details.dropped` when the reader was too slow and publications were lost.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Publication, undefined>;
}

/** The parts of a subscription that lie outside it. */
export interface SubscriptionParts {
  readonly room: string;
  readonly channel: string;
  readonly options: JoinOptions;
  readonly emitter: Emitter<SubscriptionEvents>;
  publish(payload: unknown, options: PublishOptions | undefined): Promise<PublishResult>;
  history(options: HistoryOptions | undefined): AsyncIterable<Publication>;
  leave(): Promise<void>;
}

/** What is known of a channel before the first join. */
export const NOT_JOINED: Joined = { position: undefined, members: [], total: undefined, history: [] };

/** A subscription and what the client does with it. */
export class JoinedChannel implements Subscription {
  state: 'joining' | 'joined' | 'ended' = 'joining';
  joined: Joined = NOT_JOINED;
  /** The last position received before the last try to join again. */
  lastSeen: Position | undefined = undefined;
  readonly room: string;
  readonly channel: string;
  readonly options: JoinOptions;
  readonly #parts: SubscriptionParts;
  readonly #iterators = new Set<PublicationQueue>();
  readonly #members = new MemberList();
  /** What came while nobody listened or iterated. */
  #backlog: PublicationQueue = createPublicationQueue();

  constructor(parts: SubscriptionParts) {
    this.room = parts.room;
    this.channel = parts.channel;
    this.options = parts.options;
    this.#parts = parts;
  }

  publish(payload: unknown, options?: PublishOptions): Promise<PublishResult> {
    return this.#parts.publish(payload, options);
  }

  history(options?: HistoryOptions): AsyncIterable<Publication> {
    return this.#parts.history(options);
  }

  leave(): Promise<void> {
    return this.#parts.leave();
  }

  on<N extends keyof SubscriptionEvents>(name: N, listener: (event: SubscriptionEvents[N]) => void): () => void {
    const stop = this.#parts.emitter.on(name, listener);
    if (name === 'publication') this.#deliverBacklog();
    return stop;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members.members;
  }

  /** Takes in who came and went; `isNews` = tells it, too. */
  applyPresence(change: PresenceChange, isNews: boolean): void {
    this.#members.apply(change);
    if (isNews) this.#parts.emitter.emit('presence', change);
  }

  /** The oldest publication that waits for a first reader. */
  get firstUnread(): Publication | undefined {
    return this.#backlog.first;
  }

  /** Forgets what waits for a first reader and lies at the position of its join, or before: with `getState` it is what is wanted. */
  dropUnreadUntil(position: Position | undefined): void {
    if (position === undefined || this.options.getState !== undefined) return;
    const { epoch, seq } = position;
    this.#backlog.drop(
      (unread) => unread.channel === this.channel && unread.epoch === epoch && (unread.seq ?? 0) <= seq,
    );
  }

  /** Hands a publication of about `bytes` bytes to every reader, or keeps it for the first. */
  deliver(publication: Publication, bytes: number): void {
    if (this.state === 'ended') return;
    const isHeard = this.#parts.emitter.has('publication');
    if (isHeard) this.#parts.emitter.emit('publication', publication);
    else if (this.#iterators.size === 0) this.#backlog.push(publication, bytes);
    for (const queue of this.#iterators) queue.push(publication, bytes);
  }

  /** Tells that the channel was joined again. */
  tellRejoined(rejoined: Rejoined): void {
    this.#parts.emitter.emit('rejoined', rejoined);
  }

  /** Tells that messages may have been lost on the server's side. */
  tellDiscontinuity(discontinuity: Discontinuity): void {
    this.#parts.emitter.emit('discontinuity', discontinuity);
  }

  /** Ends the subscription and every iteration over it. */
  end(error: BusError | undefined): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.#backlog.end(error);
    for (const queue of this.#iterators) queue.end(error);
    this.#iterators.clear();
    this.#parts.emitter.emit('end', { error });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Publication, undefined> {
    const queue = this.#backlog;
    this.#backlog = createPublicationQueue();
    if (this.state === 'ended') this.#backlog.end();
    else this.#iterators.add(queue);
    const detach = (): void => void this.#iterators.delete(queue);
    return {
      async next() {
        try {
          return await queue.next();
        } catch (error) {
          detach();
          throw error;
        }
      },
      async return() {
        detach();
        queue.end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #deliverBacklog(): void {
    const backlog = this.#backlog;
    this.#backlog = createPublicationQueue();
    for (let next = backlog.take(); next !== undefined; next = backlog.take()) {
      this.#parts.emitter.emit('publication', next);
    }
    if (backlog.dropped > 0) this.#parts.emitter.emit('overflow', { dropped: backlog.dropped });
  }
}
