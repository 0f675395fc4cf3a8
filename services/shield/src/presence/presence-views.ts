import { PresenceChangeSchema, PresenceTakenOverSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, addressKey, callBrain, ctl, deadlineIn, presenceOf, roomPartition } from '@arqonbus/spine';
import type { ChannelAddress, Spine } from '@arqonbus/spine';
import { encodeFrame } from '../delivery/frames.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { Listener } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';
import type { Session } from '../session/session.ts';
import { presencePayloads } from './presence-event.ts';
import type { PresenceNews } from './presence-list.ts';
import { PresenceView } from './presence-view.ts';

/** The channels whose members local sessions watch (PRS-1). */
export interface PresenceViews {
  /** Takes a use of a channel's view; its list may still be on its way (`whenKnown`). Throws what the Spine throws. */
  open(address: ChannelAddress): PresenceView;
  /** Gives one use back; the last one ends the interest. */
  release(view: PresenceView): void;
  /** Has a session's socket told from now on. */
  attach(session: Session, view: PresenceView): void;
  detach(session: Session, view: PresenceView): void;
  /** Has it told again after a time in which it was not: it gets the whole list, and forgets what it knew. */
  resume(session: Session, view: PresenceView): void;
  /** Asks the Brain whether anything was missed; run every 10 s. */
  check(): Promise<void>;
  size(): number;
  stop(): void;
}

/** What watching needs from around it. */
export interface PresenceViewsOptions {
  readonly spine: Spine;
  readonly listener: Pick<Listener<Peer>, 'publish'>;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly pageBytes: number;
  readonly onMalformed: () => void;
  readonly onError: (error: unknown) => void;
}

/** Channels in one check. */
const CHECKED_AT_ONCE = 1_000;

/** No views yet. */
export function createPresenceViews(options: PresenceViewsOptions): PresenceViews {
  const { spine, onError, onMalformed } = options;
  const views = new Map<string, PresenceView>();
  const takenOver = spine.subscribe(ctl('presence'), ({ data }) => {
    const message = readMessage(PresenceTakenOverSchema, data);
    if (message === undefined) return onMalformed();
    for (const view of views.values()) if (partitionOf(view) === message.partition) view.refreshLater();
  });
  const onNews = (view: PresenceView, news: PresenceNews): void => tell(view, news, options);
  const fetch = ({ tenant, room, channel }: ChannelAddress): ReturnType<typeof callBrain<'presence.list'>> =>
    callBrain(spine, 'presence.list', { tenant, room, channel }, deadlineIn(BRAIN_TIMEOUT_MS));
  return {
    open: (address) => {
      const view = views.get(addressKey(address)) ?? new PresenceView({ address, fetch, onNews, onError });
      // Interest first, list second: a change between the two is known already and passed over.
      view.interest ??= spine.subscribe(presenceOf(address.tenant, address.room, address.channel), ({ data }) => {
        const change = readMessage(PresenceChangeSchema, data);
        if (change === undefined) onMalformed();
        else view.onChange(change);
      });
      views.set(view.key, view);
      view.users += 1;
      return view;
    },
    release: (view) => {
      view.users -= 1;
      if (view.users > 0) return;
      view.close();
      views.delete(view.key);
    },
    attach: (session, view) => {
      if (session.connection === undefined) return;
      if (session.format === 'json') view.jsonWatchers += 1;
      else view.protoWatchers += 1;
      session.connection.subscribe(topicOf(session, view));
    },
    detach: (session, view) => {
      if (session.format === 'json') view.jsonWatchers -= 1;
      else view.protoWatchers -= 1;
      session.connection?.unsubscribe(topicOf(session, view));
    },
    resume: (session, view) => resume(session, view, options),
    check: () => check([...views.values()], spine),
    size: () => views.size,
    stop: () => {
      takenOver.unsubscribe();
      for (const view of views.values()) view.close();
    },
  };
}

function tell(view: PresenceView, news: PresenceNews, { listener, envelopes, pageBytes }: PresenceViewsOptions): void {
  if (view.jsonWatchers + view.protoWatchers === 0) return;
  const { room, channel } = view.address;
  for (const payload of presencePayloads(news, pageBytes)) {
    const envelope = envelopes.system({ ...payload, room, channel });
    if (view.jsonWatchers > 0) listener.publish(view.jsonTopic, encodeFrame(envelope, 'json'), false);
    if (view.protoWatchers > 0) listener.publish(view.protoTopic, encodeFrame(envelope, 'proto'), true);
  }
}

function resume(session: Session, view: PresenceView, { envelopes, send, pageBytes }: PresenceViewsOptions): void {
  const { room, channel } = view.address;
  for (const payload of presencePayloads(view.list.whole(), pageBytes)) {
    send(session, envelopes.system({ ...payload, room, channel }));
  }
}

/** A lost last change is noticed without a following one: whose number is another than ours asks for the list. */
async function check(views: readonly PresenceView[], spine: Spine): Promise<void> {
  const byPartition = new Map<number, PresenceView[]>();
  for (const view of views) byPartition.set(partitionOf(view), [...(byPartition.get(partitionOf(view)) ?? []), view]);
  for (const [partition, all] of byPartition) {
    for (let start = 0; start < all.length; start += CHECKED_AT_ONCE) {
      await checkSome(partition, all.slice(start, start + CHECKED_AT_ONCE), spine);
    }
  }
}

async function checkSome(partition: number, views: readonly PresenceView[], spine: Spine): Promise<void> {
  const channels = views.map(({ address: { tenant, room, channel } }) => ({ tenant, room, channel }));
  const { tenure, numbers } = await callBrain(
    spine,
    'presence.check',
    { partition, channels },
    deadlineIn(BRAIN_TIMEOUT_MS),
  );
  for (const [index, view] of views.entries()) {
    const number = numbers[index];
    if (number !== undefined && !view.list.isAt({ tenure, number })) view.refreshLater();
  }
}

function topicOf({ format }: Session, view: PresenceView): PresenceView['jsonTopic'] {
  return format === 'json' ? view.jsonTopic : view.protoTopic;
}

function partitionOf({ address }: PresenceView): number {
  return roomPartition(address.tenant, address.room);
}
