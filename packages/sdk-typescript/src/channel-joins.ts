import type { CommandArgs, CommandResult, Target } from '@arqonbus/protocol';
import { joinArgs } from './join-result.ts';
import type { Position, Positions } from './positions.ts';
import { joinWithState } from './state-loading.ts';
import type { StateSteps } from './state-loading.ts';
import type { JoinedChannel } from './subscription.ts';
import { channelKey } from './target-name.ts';

/** What joining needs of the client. */
export interface ChannelJoinsSettings {
  join(args: CommandArgs<'join_channel'>): Promise<CommandResult<'join_channel'>>;
  leave(target: Target): Promise<unknown>;
  isConnected(): boolean;
}

type JoinResult = CommandResult<'join_channel'>;

/** Asks for joins: the first ones, those after a reconnect, and those after a state that was loaded. */
export class ChannelJoins {
  readonly #settings: ChannelJoinsSettings;
  readonly #positions: Positions;
  /** The last join or leave of each channel that has no answer yet. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(settings: ChannelJoinsSettings, positions: Positions) {
    this.#settings = settings;
    this.#positions = positions;
  }

  /** Where the client is in the channel. */
  lastSeen(channel: JoinedChannel): Position | undefined {
    return this.#positions.last(channelKey(channel)) ?? channel.joined.position;
  }

  first(channel: JoinedChannel): Promise<JoinResult> {
    const { getState } = channel.options;
    return getState === undefined ? this.#ask(channel) : this.#withState(channel, 'first', getState);
  }

  /** From where it was. */
  again(channel: JoinedChannel): Promise<JoinResult> {
    channel.lastSeen = this.lastSeen(channel);
    return this.#ask(channel, { from: channel.lastSeen });
  }

  /** Where what was missed cannot be had, and there is a `getState`: begins anew after the state; else undefined. */
  async reloaded(channel: JoinedChannel, { recovered, reason = '' }: JoinResult): Promise<JoinResult | undefined> {
    const { getState } = channel.options;
    if (getState === undefined || recovered !== false) return undefined;
    await this.leave(channel);
    return this.#withState(channel, reason, getState);
  }

  /** Leaves, where it is connected by then: a lost connection has left everything. */
  leave({ room, channel }: Target): Promise<unknown> {
    const task = async (): Promise<unknown> =>
      this.#settings.isConnected() ? this.#settings.leave({ room, channel }) : undefined;
    return this.#inTurn(channelKey({ room, channel }), task);
  }

  #ask(channel: JoinedChannel, rejoin?: { readonly from: Position | undefined }): Promise<JoinResult> {
    const roomFrom = this.#positions.last(`${channel.room}:*`);
    const args = joinArgs(channel.room, channel.channel, channel.options, rejoin, roomFrom);
    return this.#inTurn(channelKey(channel), () => this.#settings.join(args));
  }

  /**
   * The server answers commands as they come about: a leave that overtakes a join would be refused, and the join hold. So
   * each waits for the answer to the one before (found by the simulation).
   */
  #inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const turn = before === undefined ? task() : before.then(task);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(key, settled);
    void settled.then(() => {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    });
    return turn;
  }

  #withState(
    channel: JoinedChannel,
    reason: string,
    getState: NonNullable<JoinedChannel['options']['getState']>,
  ): Promise<JoinResult> {
    const steps: StateSteps = {
      join: (from) => {
        // What the state holds has been seen, and nothing else.
        this.#positions.forget(channelKey(channel));
        if (from !== undefined) this.#positions.accept(channelKey(channel), from);
        return this.#ask(channel, from === undefined ? undefined : { from });
      },
      leave: () => this.leave(channel),
    };
    return joinWithState(getState, { room: channel.room, channel: channel.channel, reason }, steps);
  }
}
