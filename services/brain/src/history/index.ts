import { BusError } from '@arqonbus/protocol';
import type { LogReadRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { ProfileOf, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { LogAddress, LogBounds, LogStore } from '@arqonbus/storage';
import { parseChannelOrRoom, parseRoom, parseTenant } from '../requests/parse-request.ts';
import { createAppender } from './appender.ts';
import type { DeliverEntry } from './appender.ts';
import { createLogDoubts } from './log-doubts.ts';

/** The log that this Brain keeps for the Shields (LOG-6). */
export interface KeptLogOptions {
  readonly store: LogStore;
  readonly profileOf: ProfileOf;
  readonly deliver: DeliverEntry;
  /** Told whenever the store can be used again. Gives what ends it. */
  readonly onStoreConnected: (listener: () => void) => () => void;
}

/** The same, as its methods use it. */
export interface KeptLog extends Omit<KeptLogOptions, 'onStoreConnected'> {
  /** Told when something was stored and could not be delivered. */
  readonly onUndelivered: () => void;
}

/** The history module, while it runs. */
export interface History extends SpineSubscription {
  /** Undefined = Brains keep no log. */
  readonly log: KeptLog | undefined;
  /** Tells Shields what they could not be told before. */
  tick(): Promise<void>;
}

/** Starts the history module: what any Brain answers. Appends belong to the owner of a partition: {@link serveAppends}. */
export function openHistory(spine: Spine, options: KeptLogOptions | undefined, observer: RpcObserver): History {
  if (options === undefined) return { log: undefined, tick: () => Promise.resolve(), unsubscribe: () => undefined };
  const doubts = createLogDoubts(spine, options.onStoreConnected);
  const log = { ...options, onUndelivered: doubts.doubt };
  const served = serveHistory(spine, log, observer);
  return {
    log,
    tick: async () => doubts.tick(),
    unsubscribe: () => {
      doubts.stop();
      for (const subscription of served) subscription.unsubscribe();
    },
  };
}

/**
 * Bytes of the entries of one answer. With one large entry more it fits what NATS takes at once.
 */
const PAGE_BYTES = 262_144;

/** Serves `history.append` of one partition: its owner alone delivers what is stored in it, so all see one order (LOG-3). */
export function serveAppends(
  spine: Spine,
  log: KeptLog | undefined,
  partition: number,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  return log === undefined ? [] : [serveBrain(spine, 'history.append', createAppender(log), observer, partition)];
}

/** Serves `history.read`, `position`, `channels` and `trim` (LOG-1). */
function serveHistory(spine: Spine, log: KeptLog, observer: RpcObserver): readonly SpineSubscription[] {
  const { store } = log;
  return [
    serveBrain(spine, 'history.read', (request) => readPage(log, request), observer),
    serveBrain(
      spine,
      'history.position',
      async (request) => {
        const address = parseAddress(request);
        const { epoch, firstSeq, lastSeq } = await store.position(address, boundsOf(log, address));
        return { epoch, firstSeq: BigInt(firstSeq), lastSeq: BigInt(lastSeq) };
      },
      observer,
    ),
    serveBrain(
      spine,
      'history.channels',
      async ({ tenant, room }) => {
        const { epoch, channels } = await store.channels(parseTenant(tenant), parseRoom(room));
        return { epoch, channels: [...channels] };
      },
      observer,
    ),
    serveBrain(
      spine,
      'history.trim',
      async (request) => {
        await store.trim(parseAddress(request), Number(request.beforeSeq));
        return {};
      },
      observer,
    ),
  ];
}

async function readPage(log: KeptLog, request: LogReadRequest) {
  const address = parseAddress(request);
  const { afterSeq, beforeSeq, sinceMs, untilMs, newestFirst: isNewestFirst, limit } = request;
  const range = {
    afterSeq: Number(afterSeq),
    beforeSeq: Number(beforeSeq),
    sinceMs: Number(sinceMs),
    ...(untilMs === 0n ? {} : { untilMs: Number(untilMs) }),
    isNewestFirst,
    limit,
    maxBytes: PAGE_BYTES,
  };
  const { entries, nextSeq } = await log.store.readPage(address, range, boundsOf(log, address));
  return {
    nextSeq: BigInt(nextSeq),
    entries: entries.map(({ seq, prevSeq, timestampMs, data }) => ({
      seq: BigInt(seq),
      prevSeq: BigInt(prevSeq),
      timestampMs: BigInt(timestampMs),
      data,
    })),
  };
}

function parseAddress({ tenant, room, channel }: Readonly<Record<'tenant' | 'room' | 'channel', string>>): LogAddress {
  return { tenant: parseTenant(tenant), room: parseRoom(room), channel: parseChannelOrRoom(channel) };
}

function boundsOf({ profileOf }: KeptLog, { room, channel }: LogAddress): LogBounds {
  const profile = profileOf(room, channel);
  if (profile.logClass === 'live') throw new BusError('UNAVAILABLE', 'The channel keeps no log.');
  return profile;
}
