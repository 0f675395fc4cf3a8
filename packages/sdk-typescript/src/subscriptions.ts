import { BusError, errorTable } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, Target } from '@arqonbus/protocol';
import { backoffDelay } from './backoff.ts';
import { retryAfterMs } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';
import type { Discontinuity } from './discontinuity.ts';
import { createEmitter } from './emitter.ts';
import type { HistoryOptions } from './history.ts';
import { joinArgs, toJoined, toRoomLog } from './join-result.ts';
import { presenceOfRejoin } from './presence.ts';
import type { PresenceChange } from './presence.ts';
import { createPositions } from './positions.ts';
import type { Position } from './positions.ts';
import type { Publication } from './publication.ts';
import type { PublishOptions, PublishResult } from './publish-options.ts';
import { JoinedChannel } from './subscription.ts';
import type { Joined, JoinOptions, Rejoined, Subscription, SubscriptionEvents } from './subscription.ts';
import { channelKey } from './target-name.ts';

/** Joins under way at one time after a reconnect: faster than one by one, slower than the limit of commands. */
const REJOIN_WORKERS = 8;

/** Client ids of earlier connections that are remembered. */
const MAX_EARLIER_CLIENTS = 100;

/** What the subscriptions need of the client. */
export interface SubscriptionsSettings {
  readonly clock: Clock;
  readonly random: () => number;
  join(args: CommandArgs<'join_channel'>): Promise<CommandResult<'join_channel'>>;
  leave(target: Target): Promise<unknown>;
  isConnected(): boolean;
  publish(target: Target, payload: unknown, options: PublishOptions | undefined): Promise<PublishResult>;
  history(target: Target, options: HistoryOptions | undefined): AsyncIterable<Publication>;
  /** A channel was joined again. */
  onRejoined(rejoined: Rejoined): void;
  onListenerError(thrown: unknown): void;
}

/** The channels that the client has joined. */
export class Subscriptions {
  readonly #settings: SubscriptionsSettings;
  readonly #channels = new Map<string, JoinedChannel>();
  readonly #joins = new Map<string, Promise<Subscription>>();
  readonly #positions = createPositions();
  /** What these sent is the client's own, though the server takes it for another's after a reconnect. Oldest first. */
  readonly #earlierClients = new Set<string>();
  #clientId: string | undefined;
  /** Counts the connections: what belongs to an older one stops. */
  #generation = 0;
  readonly #waits = new Map<() => void, Timer>();

  constructor(settings: SubscriptionsSettings) {
    this.#settings = settings;
  }

  /** Joins a channel, or gives the subscription that there is. Rejects with the server's refusal. */
  join(target: Target, options: JoinOptions): Promise<Subscription> {
    const key = channelKey(target);
    const existing = this.#channels.get(key);
    if (existing !== undefined) return this.#joins.get(key) ?? Promise.resolve(existing);
    const joined = this.#join(target, options).finally(() => this.#joins.delete(key));
    this.#joins.set(key, joined);
    return joined;
  }

  /** False while the channel is being joined (again); true for channels that are joined, or that were never joined. */
  isReady(key: string): boolean {
    const channel = this.#channels.get(key);
    return channel === undefined || channel.state === 'joined';
  }

  /** True for channels whose join told a position in a log. */
  isLogged(key: string): boolean {
    return this.#channels.get(key)?.joined.position !== undefined;
  }

  /**
   * Hands a publication of about `bytes` bytes to its subscription, or, when it is for the whole room, to each of the
   * room's. False when it has been seen before, or is the client's own and nobody asked for an echo.
   */
  deliver(publication: Publication, bytes: number): boolean {
    const key = channelKey(publication);
    const readers = this.#readersOf(publication);
    const { epoch, seq } = publication;
    if (readers.length > 0 && epoch !== undefined && seq !== undefined && !this.#positions.accept(key, { epoch, seq }))
      return false;
    const isOwn = this.#earlierClients.has(publication.sender);
    const takers = isOwn ? readers.filter(({ options }) => options.echo === true) : readers;
    for (const reader of takers) reader.deliver(publication, bytes);
    return !isOwn || takers.length > 0;
  }

  /** Tells the subscription of the channel, or, when it is about the whole room, each of the room's. */
  tellDiscontinuity(discontinuity: Discontinuity): void {
    for (const reader of this.#readersOf(discontinuity)) reader.tellDiscontinuity(discontinuity);
  }

  /** Tells the subscription of the channel who came and went. */
  tellPresence(change: PresenceChange): void {
    this.#channels.get(channelKey(change))?.applyPresence(change, true);
  }

  /** The connection is gone: every channel must be joined again. */
  suspend(): void {
    this.#endGeneration();
    for (const channel of this.#channels.values()) {
      if (channel.state === 'joined') channel.state = 'joining';
    }
  }

  /** Joins every channel again on a new connection, as this client; `onReady` runs after each. */
  async rejoinAll(clientId: string, onReady: () => void): Promise<void> {
    this.#nameClient(clientId);
    const generation = this.#generation;
    const waiting = [...this.#channels.values()];
    const worker = async (): Promise<void> => {
      for (let channel = waiting.shift(); channel !== undefined; channel = waiting.shift()) {
        await this.#rejoin(channel, generation);
        onReady();
      }
    };
    await Promise.all(Array.from({ length: REJOIN_WORKERS }, worker));
  }

  /** The client is closed. */
  endAll(error: BusError | undefined): void {
    this.#endGeneration();
    for (const channel of this.#channels.values()) this.#end(channel, error);
  }

  async #join(target: Target, options: JoinOptions): Promise<Subscription> {
    const channel = this.#createChannel(target, options);
    this.#channels.set(channelKey(target), channel);
    try {
      const roomFrom = this.#positions.last(`${target.room}:*`);
      const result = await this.#settings.join(joinArgs(target.room, target.channel, options, undefined, roomFrom));
      // The subscription may have been ended meanwhile, by close() or by the loss of the connection.
      if (channel.state === 'ended') throw new BusError('UNAVAILABLE', 'The client was closed.');
      channel.joined = this.#withoutOverlap(channel, toJoined(result));
      this.#noteRoomLog(channel, result);
      channel.state = 'joined';
      applyMembers(channel, false);
      return channel;
    } catch (error) {
      this.#end(channel, undefined);
      throw error;
    }
  }

  /** What came between the subscription and its answer is in the history too: each publication is shown once. */
  #withoutOverlap(channel: JoinedChannel, joined: Joined): Joined {
    const first = channel.firstUnread;
    if (first?.seq !== undefined) {
      const firstSeq = first.seq;
      return {
        ...joined,
        history: joined.history.filter(({ seq, epoch }) => epoch !== first.epoch || (seq ?? 0) < firstSeq),
      };
    }
    const last = joined.history.at(-1);
    if (last?.seq !== undefined && last.epoch !== undefined) {
      this.#positions.accept(channelKey(channel), { epoch: last.epoch, seq: last.seq });
    }
    return joined;
  }

  #createChannel({ room, channel }: Target, options: JoinOptions): JoinedChannel {
    const created: JoinedChannel = new JoinedChannel({
      room,
      channel,
      options,
      emitter: createEmitter<SubscriptionEvents>(this.#settings.onListenerError),
      publish: (payload, publishOptions) => this.#settings.publish({ room, channel }, payload, publishOptions),
      history: (historyOptions) => this.#settings.history({ room, channel }, historyOptions),
      leave: () => this.#leave(created),
    });
    return created;
  }

  async #leave(channel: JoinedChannel): Promise<void> {
    if (channel.state === 'ended') return;
    this.#end(channel, undefined);
    if (this.#settings.isConnected()) await this.#settings.leave({ room: channel.room, channel: channel.channel });
  }

  #end(channel: JoinedChannel, error: BusError | undefined): void {
    const key = channelKey(channel);
    if (this.#channels.get(key) === channel) {
      this.#channels.delete(key);
      this.#positions.forget(key);
      if (this.#channelsOf(channel.room).length === 0) this.#positions.forget(`${channel.room}:*`);
    }
    channel.end(error);
  }

  /** Tries until the channel is joined, refused for good, or the connection is gone. */
  async #rejoin(channel: JoinedChannel, generation: number): Promise<void> {
    const { room, channel: name, options } = channel;
    for (let failures = 1; generation === this.#generation && channel.state === 'joining'; failures++) {
      try {
        const from = this.#positions.last(channelKey(channel)) ?? channel.joined.position;
        const roomFrom = this.#positions.last(`${room}:*`);
        const result = await this.#settings.join(joinArgs(room, name, options, { from }, roomFrom));
        if (generation === this.#generation && channel.state === 'joining') this.#completeRejoin(channel, from, result);
        return;
      } catch (thrown) {
        const error = asBusError(thrown);
        if (generation !== this.#generation) return;
        if (!errorTable[error.code].isRetryable) {
          this.#end(channel, error);
          return;
        }
        await this.#wait(backoffDelay(failures, retryAfterMs(error), this.#settings.random));
      }
    }
  }

  #completeRejoin(channel: JoinedChannel, lastSeen: Position | undefined, result: CommandResult<'join_channel'>): void {
    const { room, channel: name } = channel;
    channel.joined = toJoined(result);
    channel.state = 'joined';
    applyMembers(channel, true);
    const recovered = result.recovered === true;
    const reason = recovered ? undefined : (result.reason ?? (lastSeen === undefined ? 'no_log' : undefined));
    const roomRecovered = this.#noteRoomLog(channel, result);
    const { position } = channel.joined;
    const rejoined: Rejoined = { room, channel: name, recovered, reason, lastSeen, position, roomRecovered };
    channel.tellRejoined(rejoined);
    this.#settings.onRejoined(rejoined);
  }

  /** Remembers where messages to the whole room go on, so that they are asked for after a reconnect. */
  #noteRoomLog({ room }: JoinedChannel, result: CommandResult<'join_channel'>): boolean | undefined {
    const { position, recovered } = toRoomLog(result);
    if (position !== undefined) this.#positions.accept(`${room}:*`, position);
    return recovered;
  }

  #nameClient(clientId: string): void {
    if (this.#clientId !== undefined && this.#clientId !== clientId) this.#earlierClients.add(this.#clientId);
    this.#clientId = clientId;
    const [oldest] = this.#earlierClients;
    if (this.#earlierClients.size > MAX_EARLIER_CLIENTS && oldest !== undefined) this.#earlierClients.delete(oldest);
  }

  #endGeneration(): void {
    this.#generation++;
    for (const [wake, timer] of this.#waits) {
      timer.cancel();
      wake();
    }
  }

  /** Waits, but not beyond the end of the connection. */
  async #wait(ms: number): Promise<void> {
    let wakeUp: (() => void) | undefined;
    await new Promise<void>((wake) => {
      wakeUp = wake;
      this.#waits.set(wake, this.#settings.clock.setTimer(wake, ms));
    });
    if (wakeUp !== undefined) this.#waits.delete(wakeUp);
  }

  #readersOf(target: Target): readonly JoinedChannel[] {
    if (target.channel === '*') return this.#channelsOf(target.room);
    const reader = this.#channels.get(channelKey(target));
    return reader === undefined ? [] : [reader];
  }

  #channelsOf(room: string): JoinedChannel[] {
    return [...this.#channels.values()].filter((channel) => channel.room === room);
  }
}

function applyMembers(channel: JoinedChannel, isNews: boolean): void {
  const change = presenceOfRejoin(channel, channel.joined);
  if (change !== undefined) channel.applyPresence(change, isNews);
}

function asBusError(thrown: unknown): BusError {
  return thrown instanceof BusError ? thrown : new BusError('INTERNAL_ERROR', undefined, { cause: thrown });
}
