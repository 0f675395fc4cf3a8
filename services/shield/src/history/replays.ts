import { createHash } from 'node:crypto';
import { BusError, replayDigestBytes } from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import type { ChannelAddress, LogPosition, ProfileOf } from '@arqonbus/spine';
import { jsonBytes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { LongReads } from '../limits/long-reads.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import type { Session } from '../session/session.ts';
import type { EpochRead } from './archived-epoch.ts';
import type { ArchivedLog } from './archived-log.ts';
import { orderCausally } from './causal-order.ts';
import { createSequenceCheck } from './replay-checks.ts';
import { createReplayPace } from './replay-pace.ts';
import { readWindow, timesOf } from './replay-window.ts';
import type { ReplayGap, ReplayWindow } from './replay-window.ts';

/** What a client asks for. */
export interface ReplayOrder {
  readonly address: ChannelAddress;
  /** Undefined = the present one. */
  readonly epoch?: string | undefined;
  readonly window: ReplayWindow;
  /** Times the original speed; undefined = as fast as the client reads. */
  readonly speed: number | undefined;
  /** Refuse what goes back. */
  readonly isStrict: boolean;
  /** Order by causal parents. */
  readonly isCausal: boolean;
}

/** What was replayed, in the order in which it was written. */
export interface Replayed {
  readonly epoch: string;
  readonly count: number;
  /** The lowest and the highest sequence; 0 where nothing was replayed. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly hash: string;
  readonly gaps: readonly ReplayGap[];
  readonly isCancelled: boolean;
  /** What the window may hold more of, under other sequences. */
  readonly earlierEpoch: string | undefined;
}

/** Writes parts of logs to single sessions (LOG-14). */
export interface Replays {
  /**
   * Writes the window's publications, marked `metadata.replay {request_id}`, and tells what that was. Ends with the session.
   * Throws `RATE_LIMITED` where too many are under way, `CONFLICT` for an id that is in use or a sequence that goes back,
   * `PAYLOAD_TOO_LARGE` for more than can be ordered, `TIMEOUT` for a client that does not read.
   */
  run(session: Session, requestId: string, order: ReplayOrder): Promise<Replayed>;
  /** Ends a replay of this session; nothing of it is written from now on. False = there is none of this id. */
  cancel(session: Session, requestId: string): boolean;
}

/** What replaying needs from around it. */
export interface ReplaysOptions {
  /** The log, and the archive before it, as one replay reads them. */
  readonly openLog: ArchivedLog['openEpoch'];
  readonly profileOf: ProfileOf;
  readonly send: SendToSession;
  readonly longReads: LongReads;
  readonly limits: Limits;
  readonly onMalformed: () => void;
  readonly monotonicMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** What the reader sees of a publication; what the replay is hashed over, too (CAS-12). Default: what all see. */
  readonly views?: Pick<ReaderViews, 'reveal'>;
}

interface Running {
  isCancelled: boolean;
}

/** No replays yet. */
export function createReplays(options: ReplaysOptions): Replays {
  const bySession = new WeakMap<Session, Map<string, Running>>();
  return {
    run: (session, requestId, order) =>
      options.longReads.run(session, async () => {
        const all = bySession.get(session) ?? new Map<string, Running>();
        if (all.has(requestId)) throw new BusError('CONFLICT', 'A replay of this id is under way.');
        const running: Running = { isCancelled: false };
        bySession.set(session, all.set(requestId, running));
        try {
          return await replay(session, requestId, order, running, options);
        } finally {
          all.delete(requestId);
        }
      }),
    cancel: (session, requestId) => {
      const running = bySession.get(session)?.get(requestId);
      if (running !== undefined) running.isCancelled = true;
      return running !== undefined;
    },
  };
}

async function replay(
  session: Session,
  requestId: string,
  order: ReplayOrder,
  running: Running,
  options: ReplaysOptions,
): Promise<Replayed> {
  const { limits, send } = options;
  const { log, earlierEpoch } = await options.openLog(order.address, order.epoch);
  const position = await log.position(order.address);
  const pace = createReplayPace({
    ...options,
    session,
    speed: order.speed,
    isCancelled: () => running.isCancelled,
    maxBufferedBytes: limits.outboundBufferBytes / 2,
    stallTimeoutMs: limits.slowConsumerTimeoutMs,
  });
  const gaps: ReplayGap[] = [];
  const hash = createHash('sha256');
  const told = { count: 0, firstSeq: 0, lastSeq: 0 };
  const { reveal } = options.views ?? PLAIN_VIEWS;
  for await (const stored of publicationsOf(order, log, position, gaps, options)) {
    if (!(await pace.turn(stored.timestampMs))) break;
    if (!mayRead(session, order.address)) throw new BusError('AUTHORIZATION_ERROR');
    const envelope = reveal(session, stored);
    hash.update(replayDigestBytes(envelope));
    told.count += 1;
    told.firstSeq = told.firstSeq === 0 ? envelope.seq : Math.min(told.firstSeq, envelope.seq);
    told.lastSeq = Math.max(told.lastSeq, envelope.seq);
    envelope.metadata = markReplayed(envelope.metadata, requestId);
    send(session, envelope);
  }
  const { isCancelled } = running;
  const { epoch } = position;
  const isBegin = order.window.fromSeq <= 1 && !isCancelled;
  const earlier = isBegin ? await earlierEpoch(order.address, epoch, timesOf(order.window)) : undefined;
  return { ...told, epoch, hash: `sha256:${hash.digest('hex')}`, gaps, isCancelled, earlierEpoch: earlier };
}

/**
 * Reads in the order that was asked for; gaps are noted as they are found.
 *
 * @yields each publication.
 */
async function* publicationsOf(
  { address, window, isStrict, isCausal }: ReplayOrder,
  log: EpochRead['log'],
  position: LogPosition,
  gaps: ReplayGap[],
  { limits, profileOf, onMalformed }: ReplaysOptions,
): AsyncGenerator<Envelope> {
  const check = isStrict ? createSequenceCheck() : undefined;
  // A `state` channel keeps one message and promises no more.
  const hasGaps = profileOf(address.room, address.channel).logClass !== 'state';
  const held: Envelope[] = [];
  let bytes = 0;
  for await (const item of readWindow(log, address, position, window)) {
    if (item.kind === 'malformed') onMalformed();
    else if (item.kind === 'gap') {
      if (hasGaps) gaps.push({ after_seq: item.after_seq, before_seq: item.before_seq });
    } else {
      check?.(item.envelope);
      if (!isCausal) yield item.envelope;
      else if (held.push(item.envelope) > limits.historyPage || (bytes += item.envelope.payload.length) > MAX_ORDERED) {
        throw new BusError('PAYLOAD_TOO_LARGE', 'The window holds more than can be ordered; ask for a part of it.');
      }
    }
  }
  yield* orderCausally(held);
}

/** Bytes of payloads that are held to be ordered. */
const MAX_ORDERED = 4_194_304;

/** Rights may change while a long replay runs. */
function mayRead(session: Session, { room, channel }: ChannelAddress): boolean {
  return session.rights.may('history', room, channel);
}

/** The mark comes first in the object; what else is there stays as it is written. Clients cannot set the key themselves. */
function markReplayed(metadata: Uint8Array, requestId: string): Uint8Array {
  const mark = jsonBytes({ replay: { request_id: requestId } });
  if (metadata.length <= EMPTY_OBJECT_BYTES) return mark;
  return Buffer.concat([mark.subarray(0, -1), COMMA, metadata.subarray(1)]);
}

const EMPTY_OBJECT_BYTES = 2;
const COMMA = new Uint8Array([0x2c]);
