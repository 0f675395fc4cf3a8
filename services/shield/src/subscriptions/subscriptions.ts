import type { ChannelAddress } from '@arqonbus/spine';
import type { Limits } from '@arqonbus/protocol';
import type { PresenceView } from '../presence/presence-view.ts';
import type { PresenceViews } from '../presence/presence-views.ts';
import type { Session } from '../session/session.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import { forgetEmpty, topicsOf } from './channel-topics.ts';
import type { LocalChannel } from './local-channel.ts';
import type { LocalChannels } from './local-channels.ts';
import type { Subscription } from './subscription.ts';

/** The pseudo-channel of a room, to which every member of any of its channels belongs (PRT-16). */
export const ROOM_CHANNEL = '*';

/** Sessions' subscriptions, and the sockets' places in topics that go with them. */
export interface Subscriptions {
  /** True when the session may join this `room:channel`: it has it, or is about to, or may take one more. */
  hasRoom(session: Session, name: string): boolean;
  /**
   * Takes uses of the channel and of its room's pseudo-channel while a join is under way, and waits until their
   * positions are known. Who prepared a join releases it, committed or not.
   */
  prepare(session: Session, address: ChannelAddress, isWatching: boolean): Promise<PreparedJoin>;
  /** Makes the join real, in one turn. With `behindSeq` a catch-up must follow. */
  commit(session: Session, join: PreparedJoin, options: JoinOptions): Subscription;
  /** Gives back what a prepared join holds; what its commit took stays. */
  release(session: Session, join: PreparedJoin): void;
  /** Ends one subscription; false when there was none. */
  leave(session: Session, room: string, channel: string): boolean;
  /** Ends all of a session that is gone. */
  leaveAll(session: Session): void;
  /** Puts the socket back into the topic; who watches the members gets them all, since some may have been missed. */
  attach(session: Session, subscription: Subscription): void;
  detach(session: Session, subscription: Subscription): void;
  /** Rights or views have changed: puts the socket into the topics of what it may see now (CAS-12). */
  review(session: Session): void;
}

/** A join whose channels are open. */
export interface PreparedJoin {
  readonly channel: LocalChannel;
  /** The room's pseudo-channel, or the channel itself where that is what is joined. */
  readonly roomChannel: LocalChannel;
  /** Where the members are to be watched; its list may still be on its way. */
  readonly view: PresenceView | undefined;
}

/** How a subscription is taken. */
export interface JoinOptions {
  readonly echo: boolean;
  /** The position that the client begins after, where it is behind the channel: its socket stays out of the topic. */
  readonly behindSeq: number | undefined;
  readonly meta: Uint8Array | undefined;
  /** The same for the room's pseudo-channel, where it comes with this join. */
  readonly roomBehindSeq?: number | undefined;
}

/** Subscriptions over these channels and these views of their members. */
export function createSubscriptions(
  channels: LocalChannels,
  presence: PresenceViews,
  limits: Limits,
  views: Pick<ReaderViews, 'viewOf'> = PLAIN_VIEWS,
): Subscriptions {
  const parts = { channels, presence, views };
  return {
    hasRoom: (session, name) =>
      isTaken(session, name) || session.pendingJoins.has(name) || countTaken(session) < limits.maxSubscriptions,
    prepare: async (session, address, isWatching) => {
      const join = openJoin(parts, address, isWatching);
      addPending(session, join.channel.name, 1);
      try {
        await Promise.all([join.channel.ready, join.roomChannel.ready]);
      } catch (error) {
        release(parts, session, join);
        throw error;
      }
      return join;
    },
    release: (session, join) => release(parts, session, join),
    commit: (session, join, options) => {
      const subscription = subscribe(parts, session, join.channel, options);
      watch(parts, session, subscription, join.view !== undefined);
      subscription.meta = options.meta;
      if (!subscription.isExplicit) session.explicitSubscriptions += 1;
      subscription.isExplicit = true;
      if (join.roomChannel !== join.channel && !session.subscriptions.has(join.roomChannel.name)) {
        const room = { echo: options.echo, behindSeq: options.roomBehindSeq, meta: undefined };
        subscribe(parts, session, join.roomChannel, room);
      }
      return subscription;
    },
    leave: (session, room, channel) => {
      const subscription = session.subscriptions.get(`${room}:${channel}`);
      if (subscription?.isExplicit !== true) return false;
      subscription.isExplicit = false;
      session.explicitSubscriptions -= 1;
      if (channel !== ROOM_CHANNEL) unsubscribe(parts, session, subscription);
      else watch(parts, session, subscription, false);
      leaveEmptyRoom(parts, session, room);
      return true;
    },
    leaveAll: (session) => {
      for (const subscription of session.subscriptions.values()) unsubscribe(parts, session, subscription);
      session.explicitSubscriptions = 0;
    },
    attach: (session, subscription) => {
      attach(parts, session, subscription);
      if (subscription.view !== undefined) presence.resume(session, subscription.view);
    },
    detach: (session, subscription) => detach(parts, session, subscription),
    review: (session) => {
      for (const subscription of session.subscriptions.values()) review(parts, session, subscription);
    },
  };
}

/** The pseudo-channel that came along with a room is not counted. */
function isTaken(session: Session, name: string): boolean {
  return session.subscriptions.get(name)?.isExplicit === true;
}

function countTaken(session: Session): number {
  let taken = session.explicitSubscriptions;
  for (const name of session.pendingJoins.keys()) if (!isTaken(session, name)) taken += 1;
  return taken;
}

function addPending({ pendingJoins }: Session, name: string, change: 1 | -1): void {
  const joins = (pendingJoins.get(name) ?? 0) + change;
  if (joins > 0) pendingJoins.set(name, joins);
  else pendingJoins.delete(name);
}

interface Parts {
  readonly channels: LocalChannels;
  readonly presence: PresenceViews;
  readonly views: Pick<ReaderViews, 'viewOf'>;
}

/** Opens all of it, or nothing. */
function openJoin(
  { channels, presence }: Omit<Parts, 'views'>,
  address: ChannelAddress,
  isWatching: boolean,
): PreparedJoin {
  const opened: LocalChannel[] = [];
  const open = (one: ChannelAddress): LocalChannel => {
    const channel = channels.open(one);
    opened.push(channel);
    return channel;
  };
  try {
    const [channel, roomChannel] = [open(address), open({ ...address, channel: ROOM_CHANNEL })];
    return { channel, roomChannel, view: isWatching ? presence.open(address) : undefined };
  } catch (error) {
    for (const channel of opened) channels.release(channel);
    throw error;
  }
}

function release({ channels, presence }: Parts, session: Session, { channel, roomChannel, view }: PreparedJoin): void {
  addPending(session, channel.name, -1);
  channels.release(channel);
  channels.release(roomChannel);
  if (view !== undefined) presence.release(view);
}

/** Begins or ends watching the members. */
function watch({ presence }: Parts, session: Session, subscription: Subscription, isWatching: boolean): void {
  const { view } = subscription;
  if (isWatching === (view !== undefined)) return;
  if (view === undefined) {
    subscription.view = presence.open(subscription.channel.address);
    if (subscription.isAttached) presence.attach(session, subscription.view);
    return;
  }
  if (subscription.isAttached) presence.detach(session, view);
  presence.release(view);
  subscription.view = undefined;
}

function subscribe(parts: Parts, session: Session, channel: LocalChannel, options: JoinOptions): Subscription {
  const known = session.subscriptions.get(channel.name);
  const { behindSeq } = options;
  if (known !== undefined && behindSeq === undefined) {
    known.echo = options.echo;
    return known;
  }
  parts.channels.open(channel.address);
  // Who begins behind begins anew: out of the topic, and a catch-up under way for the old one ends (LOG-9).
  if (known !== undefined) unsubscribe(parts, session, known);
  const isExplicit = known?.isExplicit ?? false;
  const place = { behindSeq, isAttached: false, topics: channel, view: undefined, meta: undefined };
  const subscription: Subscription = { channel, echo: options.echo, isExplicit, ...place };
  session.subscriptions.set(channel.name, subscription);
  if (behindSeq === undefined) attach(parts, session, subscription);
  return subscription;
}

function unsubscribe(parts: Parts, session: Session, subscription: Subscription): void {
  watch(parts, session, subscription, false);
  detach(parts, session, subscription);
  session.subscriptions.delete(subscription.channel.name);
  session.slow?.marks.delete(subscription.channel.name);
  parts.channels.release(subscription.channel);
}

/** The pseudo-channel goes with the last channel of its room, unless it was joined itself. */
function leaveEmptyRoom(parts: Parts, session: Session, room: string): void {
  const roomSubscription = session.subscriptions.get(`${room}:${ROOM_CHANNEL}`);
  if (roomSubscription === undefined || roomSubscription.isExplicit) return;
  for (const { channel, isExplicit } of session.subscriptions.values()) {
    if (isExplicit && channel.address.room === room) return;
  }
  unsubscribe(parts, session, roomSubscription);
}

function attach({ presence, views }: Parts, session: Session, subscription: Subscription): void {
  if (subscription.isAttached || session.connection === undefined) return;
  subscription.isAttached = true;
  const { room, channel } = subscription.channel.address;
  enterTopics(session, subscription, views.viewOf(session, room, channel));
  if (subscription.view !== undefined) presence.attach(session, subscription.view);
}

function detach({ presence }: Parts, session: Session, subscription: Subscription): void {
  if (!subscription.isAttached) return;
  subscription.isAttached = false;
  leaveTopics(session, subscription);
  if (subscription.view !== undefined) presence.detach(session, subscription.view);
}

/** In one turn, so that nothing comes twice and nothing is missed. Who is out of the topics finds the right ones when it comes back. */
function review({ views }: Parts, session: Session, subscription: Subscription): void {
  if (!subscription.isAttached) return;
  const { room, channel } = subscription.channel.address;
  const view = views.viewOf(session, room, channel);
  if (view === subscription.topics.view) return;
  leaveTopics(session, subscription);
  enterTopics(session, subscription, view);
}

function enterTopics(session: Session, subscription: Subscription, view: string): void {
  const topics = topicsOf(subscription.channel, view);
  subscription.topics = topics;
  if (session.format === 'json') topics.jsonSubscribers += 1;
  else topics.protoSubscribers += 1;
  session.connection?.subscribe(session.format === 'json' ? topics.jsonTopic : topics.protoTopic);
}

function leaveTopics(session: Session, { channel, topics }: Subscription): void {
  if (session.format === 'json') topics.jsonSubscribers -= 1;
  else topics.protoSubscribers -= 1;
  session.connection?.unsubscribe(session.format === 'json' ? topics.jsonTopic : topics.protoTopic);
  if (topics.view !== '') forgetEmpty(channel, topics);
}
