import { BusError, errorTable, isErrorCode } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, Target } from '@arqonbus/protocol';
import { backoffDelay } from './backoff.ts';
import { ChannelJoins } from './channel-joins.ts';
import { retryAfterMs } from './close-error.ts';
import type { Clock } from './clock.ts';
import type { Discontinuity } from './discontinuity.ts';
import { createEmitter } from './emitter.ts';
import type { HistoryOptions } from './history.ts';
import { resumedChannelArgs, toJoined, toRoomLog } from './join-result.ts';
import { OwnClients } from './own-clients.ts';
import { presenceOfRejoin } from './presence.ts';
import type { PresenceChange } from './presence.ts';
import { createPositions } from './positions.ts';
import type { Publication } from './publication.ts';
import type { PublishOptions, PublishResult } from './publish-options.ts';
import type { ResumedChannels } from './resumer.ts';
import { JoinedChannel, NOT_JOINED } from './subscription.ts';
import type { Joined, JoinOptions, Rejoined, Subscription, SubscriptionEvents } from './subscription.ts';
import { channelKey } from './target-name.ts';
import { Waits } from './waits.ts';

/** Joins under way at one time after a reconnect: faster than one by one, slower than the limit of commands. */
const REJOIN_WORKERS = 8;

type JoinResult = CommandResult<'join_channel'>;

/** What the subscriptions need of the client. */
export interface SubscriptionsSettings {
  readonly clock: Clock;
  readonly random: () => number;
  join(args: CommandArgs<'join_channel'>): Promise<JoinResult>;
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
  readonly #own = new OwnClients();
  readonly #joining: ChannelJoins;
  /** Counts the connections: what belongs to an older one stops. */
  #generation = 0;
  readonly #waits: Waits;

  constructor(settings: SubscriptionsSettings) {
    this.#settings = settings;
    this.#waits = new Waits(settings.clock);
    this.#joining = new ChannelJoins(settings, this.#positions);
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
    const isOwn = this.#own.wasOnce(publication.sender);
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

  /** The channels that are to be joined again, as `resume` takes them. */
  toResume(): CommandArgs<'resume'>['channels'] {
    const joining = [...this.#channels].filter(([, { state, joined }]) => state === 'joining' && joined !== NOT_JOINED);
    return Object.fromEntries(
      joining.map(([key, channel]) => {
        channel.lastSeen = this.#joining.lastSeen(channel);
        const roomFrom = this.#positions.last(`${channel.room}:*`);
        return [key, resumedChannelArgs(channel, channel.lastSeen, roomFrom)];
      }),
    );
  }

  /**
   * Joins every channel again on a new connection, as this client, where it was not resumed with the connection;
   * `onReady` runs after each.
   */
  async rejoinAll(clientId: string, resumed: ResumedChannels, onReady: () => void): Promise<void> {
    this.#own.name(clientId);
    const generation = this.#generation;
    const answers = new Map(resumed.map((answer) => [channelKey(answer), answer]));
    const waiting = [...this.#channels.values()].filter(({ joined }) => joined !== NOT_JOINED);
    const worker = async (): Promise<void> => {
      for (let channel = waiting.shift(); channel !== undefined; channel = waiting.shift()) {
        await this.#rejoin(channel, generation, answers.get(channelKey(channel)));
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
      const result = await this.#joining.first(channel);
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
    // Left while the connection was being resumed, and joined again: what the resumed one missed is not for this one.
    channel.dropUnreadUntil(joined.position);
    const first = channel.firstUnread;
    if (first?.seq !== undefined) {
      const firstSeq = first.seq;
      const history = joined.history.filter(({ seq, epoch }) => epoch !== first.epoch || (seq ?? 0) < firstSeq);
      return { ...joined, history };
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
    await this.#joining.leave(channel);
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
  async #rejoin(channel: JoinedChannel, generation: number, resumed?: ResumedChannels[number]): Promise<void> {
    for (let failures = 1; generation === this.#generation && channel.state === 'joining'; failures++) {
      try {
        const isResumed = failures === 1 && resumed !== undefined;
        const result = isResumed ? resultOf(resumed) : await this.#joining.again(channel);
        if (generation !== this.#generation || channel.state !== 'joining') return;
        const reloaded = await this.#joining.reloaded(channel, result);
        if (generation !== this.#generation || channel.state !== 'joining') return;
        this.#completeRejoin(channel, reloaded ?? result, reloaded === undefined ? undefined : result.reason);
        return;
      } catch (thrown) {
        const error = asBusError(thrown);
        if (generation !== this.#generation) return;
        if (!errorTable[error.code].isRetryable) {
          this.#end(channel, error);
          return;
        }
        await this.#waits.wait(backoffDelay(failures, retryAfterMs(error), this.#settings.random));
      }
    }
  }

  #completeRejoin(channel: JoinedChannel, result: JoinResult, reloadedFor: string | undefined): void {
    const { room, channel: name, lastSeen } = channel;
    channel.joined = toJoined(result);
    channel.state = 'joined';
    applyMembers(channel, true);
    const recovered = reloadedFor === undefined && result.recovered === true;
    const reloaded = reloadedFor === undefined ? {} : ({ reloaded: true } as const);
    const lostFor = result.reason ?? (lastSeen === undefined ? 'no_log' : undefined);
    const reason = reloadedFor ?? (recovered ? undefined : lostFor);
    const roomRecovered = this.#noteRoomLog(channel, result);
    const { position } = channel.joined;
    const rejoined: Rejoined = {
      room,
      channel: name,
      recovered,
      ...reloaded,
      reason,
      lastSeen,
      position,
      roomRecovered,
    };
    channel.tellRejoined(rejoined);
    this.#settings.onRejoined(rejoined);
  }

  /** Remembers where messages to the whole room go on, so that they are asked for after a reconnect. */
  #noteRoomLog({ room }: JoinedChannel, result: JoinResult): boolean | undefined {
    const { position, recovered } = toRoomLog(result);
    if (position !== undefined) this.#positions.accept(`${room}:*`, position);
    return recovered;
  }

  #endGeneration(): void {
    this.#generation++;
    this.#waits.endAll();
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

/** The answer to the join of a channel that was resumed; throws its refusal. */
function resultOf({ joined, error_code: code = '', error }: ResumedChannels[number]): JoinResult {
  if (joined !== undefined) return joined;
  throw new BusError(isErrorCode(code) ? code : 'INTERNAL_ERROR', error);
}

function applyMembers(channel: JoinedChannel, isNews: boolean): void {
  const change = presenceOfRejoin(channel, channel.joined);
  if (change !== undefined) channel.applyPresence(change, isNews);
}

function asBusError(thrown: unknown): BusError {
  return thrown instanceof BusError ? thrown : new BusError('INTERNAL_ERROR', undefined, { cause: thrown });
}
