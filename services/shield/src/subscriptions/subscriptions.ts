import type { ChannelAddress } from '@arqonbus/spine';
import type { Limits } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';
import type { LocalChannel } from './local-channel.ts';
import type { LocalChannels } from './local-channels.ts';
import type { Subscription } from './subscription.ts';

/** The pseudo-channel of a room, to which every member of any of its channels belongs (PRT-16). */
export const ROOM_CHANNEL = '*';

/** Sessions' subscriptions, and the sockets' places in topics that go with them. */
export interface Subscriptions {
  /** True when the session may take one more. */
  hasRoom(session: Session): boolean;
  /**
   * Takes uses of the channel and of its room's pseudo-channel while a join is under way, and waits until their
   * positions are known. Who prepared a join releases it, committed or not.
   */
  prepare(session: Session, address: ChannelAddress): Promise<PreparedJoin>;
  /** Makes the join real, in one turn. With `behindSeq` a catch-up must follow. */
  commit(session: Session, join: PreparedJoin, options: JoinOptions): Subscription;
  /** Gives back what a prepared join holds; what its commit took stays. */
  release(session: Session, join: PreparedJoin): void;
  /** Ends one subscription; false when there was none. */
  leave(session: Session, room: string, channel: string): boolean;
  /** Ends all of a session that is gone. */
  leaveAll(session: Session): void;
  attach(session: Session, subscription: Subscription): void;
  detach(session: Session, subscription: Subscription): void;
}

/** A join whose channels are open. */
export interface PreparedJoin {
  readonly channel: LocalChannel;
  /** The room's pseudo-channel, or the channel itself where that is what is joined. */
  readonly roomChannel: LocalChannel;
}

/** How a subscription is taken. */
export interface JoinOptions {
  readonly echo: boolean;
  /** The position that the client begins after, where it is behind the channel: its socket stays out of the topic. */
  readonly behindSeq: number | undefined;
}

/** Subscriptions over these channels. */
export function createSubscriptions(channels: LocalChannels, limits: Limits): Subscriptions {
  return {
    hasRoom: (session) => session.explicitSubscriptions + session.pendingJoins < limits.maxSubscriptions,
    prepare: async (session, address) => {
      const join = openJoin(channels, address);
      session.pendingJoins += 1;
      try {
        await Promise.all([join.channel.ready, join.roomChannel.ready]);
      } catch (error) {
        release(channels, session, join);
        throw error;
      }
      return join;
    },
    release: (session, join) => release(channels, session, join),
    commit: (session, join, options) => {
      const subscription = subscribe(channels, session, join.channel, options);
      if (!subscription.isExplicit) session.explicitSubscriptions += 1;
      subscription.isExplicit = true;
      if (join.roomChannel !== join.channel && !session.subscriptions.has(join.roomChannel.name)) {
        subscribe(channels, session, join.roomChannel, { echo: options.echo, behindSeq: undefined });
      }
      return subscription;
    },
    leave: (session, room, channel) => {
      const subscription = session.subscriptions.get(`${room}:${channel}`);
      if (subscription?.isExplicit !== true) return false;
      subscription.isExplicit = false;
      session.explicitSubscriptions -= 1;
      if (channel !== ROOM_CHANNEL) unsubscribe(channels, session, subscription);
      leaveEmptyRoom(channels, session, room);
      return true;
    },
    leaveAll: (session) => {
      for (const subscription of session.subscriptions.values()) unsubscribe(channels, session, subscription);
      session.explicitSubscriptions = 0;
    },
    attach,
    detach,
  };
}

/** Opens both channels, or none. */
function openJoin(channels: LocalChannels, address: ChannelAddress): PreparedJoin {
  const channel = channels.open(address);
  try {
    return { channel, roomChannel: channels.open({ ...address, channel: ROOM_CHANNEL }) };
  } catch (error) {
    channels.release(channel);
    throw error;
  }
}

function release(channels: LocalChannels, session: Session, { channel, roomChannel }: PreparedJoin): void {
  session.pendingJoins -= 1;
  channels.release(channel);
  channels.release(roomChannel);
}

function subscribe(
  channels: LocalChannels,
  session: Session,
  channel: LocalChannel,
  options: JoinOptions,
): Subscription {
  const known = session.subscriptions.get(channel.name);
  const { behindSeq } = options;
  if (known !== undefined && behindSeq === undefined) {
    known.echo = options.echo;
    return known;
  }
  channels.open(channel.address);
  // Who begins behind begins anew: out of the topic, and a catch-up under way for the old one ends (LOG-9).
  if (known !== undefined) unsubscribe(channels, session, known);
  const isExplicit = known?.isExplicit ?? false;
  const subscription = { channel, echo: options.echo, isExplicit, behindSeq, isAttached: false };
  session.subscriptions.set(channel.name, subscription);
  if (behindSeq === undefined) attach(session, subscription);
  return subscription;
}

function unsubscribe(channels: LocalChannels, session: Session, subscription: Subscription): void {
  detach(session, subscription);
  session.subscriptions.delete(subscription.channel.name);
  session.slow?.marks.delete(subscription.channel.name);
  channels.release(subscription.channel);
}

/** The pseudo-channel goes with the last channel of its room, unless it was joined itself. */
function leaveEmptyRoom(channels: LocalChannels, session: Session, room: string): void {
  const roomSubscription = session.subscriptions.get(`${room}:${ROOM_CHANNEL}`);
  if (roomSubscription === undefined || roomSubscription.isExplicit) return;
  for (const { channel, isExplicit } of session.subscriptions.values()) {
    if (isExplicit && channel.address.room === room) return;
  }
  unsubscribe(channels, session, roomSubscription);
}

function attach(session: Session, subscription: Subscription): void {
  if (subscription.isAttached || session.connection === undefined) return;
  subscription.isAttached = true;
  const { channel } = subscription;
  if (session.format === 'json') channel.jsonSubscribers += 1;
  else channel.protoSubscribers += 1;
  session.connection.subscribe(session.format === 'json' ? channel.jsonTopic : channel.protoTopic);
}

function detach(session: Session, subscription: Subscription): void {
  if (!subscription.isAttached) return;
  subscription.isAttached = false;
  const { channel } = subscription;
  if (session.format === 'json') channel.jsonSubscribers -= 1;
  else channel.protoSubscribers -= 1;
  session.connection?.unsubscribe(session.format === 'json' ? channel.jsonTopic : channel.protoTopic);
}
