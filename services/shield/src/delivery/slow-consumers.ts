import type { Limits } from '@arqonbus/protocol';
import { closeSession } from '../session/close-session.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { CatchUp } from './catch-up.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import type { LaggingNotices } from './lagging-notices.ts';
import type { RecoveryCounters } from './recovery-counters.ts';
import type { PauseMark, SlowState } from './slow-state.ts';

/** Keeps clients that read too slowly from holding memory, and brings them back without a silent hole (LOG-11). */
export interface SlowConsumers {
  /** Looks at every buffer; run every 50 ms. Looks at slow sessions alone when nothing was written since the last time. */
  sweep(): void;
  /** The session's buffer shrank. */
  onDrain(session: Session): void;
  /** Counts what a session that closes while it is behind will never get; called while it has its subscriptions. */
  onClosed(session: Session): void;
  /** Lets a subscription that is in no topic yet begin behind the channel, after `seq`: what it missed is written first. */
  startBehind(session: Session, subscription: Subscription, seq: number): void;
  /** False = the client is over its limit: the frame is counted as shed and must not be written. */
  mayWrite(session: Session): boolean;
  /** Sessions over their limit or catching up. */
  count(): number;
}

/** What watching slow consumers needs from around it. */
export interface SlowConsumersOptions {
  readonly sessions: SessionRegistry;
  readonly catchUp: CatchUp;
  readonly counters: DeliveryCounters;
  readonly recoveries: RecoveryCounters;
  readonly notices: LaggingNotices;
  readonly limits: Limits;
  readonly monotonicMs: () => number;
  /** Puts a session into the topics of its subscription. */
  readonly attach: (session: Session, subscription: Subscription) => void;
  /** Takes it out again. */
  readonly detach: (session: Session, subscription: Subscription) => void;
  readonly onError: (session: Session, error: unknown) => void;
}

/**
 * A buffer of this much more than the limit is cut at once: it is far beyond what topics write between two sweeps, so
 * this client asks and never reads.
 */
const HARD_CAP_BEYOND_LIMIT = 8_388_608;
/** How long a session waits after its log could not be read. */
const RETRY_MS = 1_000;

/** No slow consumers yet. */
export function createSlowConsumers(options: SlowConsumersOptions): SlowConsumers {
  const { sessions, counters } = options;
  const slow = new Set<Session>();
  let seenActivity = 0;
  return {
    sweep: () => {
      for (const session of slow) if (session.connection === undefined) slow.delete(session);
      const activity = counters.activity();
      for (const session of activity === seenActivity ? slow : sessions.all()) check(session, slow, options);
      seenActivity = activity;
    },
    onDrain: (session) => {
      if (session.slow !== undefined) check(session, slow, options);
    },
    onClosed: (session) => {
      for (const [name, { delivered }] of session.slow?.marks ?? []) {
        const channel = session.subscriptions.get(name)?.channel;
        // What a log keeps can still be had, by a join with a position.
        if (channel?.logClass === 'live') counters.shed.inc('live', channel.delivered - delivered);
      }
    },
    startBehind: (session, subscription, seq) => {
      const { channel } = subscription;
      // Left, or joined anew, since: nothing of it is left to bring back.
      if (session.connection === undefined || session.subscriptions.get(channel.name) !== subscription) return;
      const state = stateOf(session, slow);
      state.marks.set(channel.name, { ...markOf(channel), seq, isAnnounced: true });
      if (state.phase === 'paused') check(session, slow, options);
    },
    mayWrite: (session) => {
      if (session.slow === undefined || session.slow.overSinceMs === 0) return true;
      session.slow.shed += 1;
      counters.shed.inc('direct');
      return false;
    },
    count: () => slow.size,
  };
}

function stateOf(session: Session, slow: Set<Session>): SlowState {
  session.slow ??= { phase: 'paused', overSinceMs: 0, retryAtMs: 0, marks: new Map(), shed: 0 };
  slow.add(session);
  return session.slow;
}

function check(session: Session, slow: Set<Session>, options: SlowConsumersOptions): void {
  if (session.connection === undefined || session.isClosing) return;
  const buffered = session.connection.bufferedAmount();
  const { slow: state } = session;
  if (buffered > options.limits.outboundBufferBytes) {
    onOver(session, stateOf(session, slow), buffered, options);
  } else if (state !== undefined) {
    state.overSinceMs = 0;
    const isDue = state.phase === 'paused' && options.monotonicMs() >= state.retryAtMs;
    if (isDue && canBear(session, options.limits)) resume(session, state, slow, options);
  }
}

function resume(session: Session, state: SlowState, slow: Set<Session>, options: SlowConsumersOptions): void {
  state.phase = 'resuming';
  resumeAll(session, state, options)
    .then((isDone) => {
      state.phase = 'paused';
      // A join may have begun behind since the last mark was looked at.
      if (!isDone || session.slow !== state || state.marks.size > 0) return;
      slow.delete(session);
      session.slow = undefined;
      options.notices.shedDirect(session, state.shed);
    })
    .catch((error: unknown) => {
      state.phase = 'paused';
      state.retryAtMs = options.monotonicMs() + RETRY_MS;
      options.onError(session, error);
    });
}

/** At the channel's present position. */
function markOf({ lastSeq: seq, epoch, delivered }: LocalChannel): PauseMark {
  return { seq, epoch, delivered, isAnnounced: false };
}

function onOver(session: Session, state: SlowState, buffered: number, options: SlowConsumersOptions): void {
  const { limits, monotonicMs } = options;
  if (state.overSinceMs === 0) state.overSinceMs = monotonicMs();
  for (const subscription of session.subscriptions.values()) {
    const { channel } = subscription;
    if (!subscription.isAttached || state.marks.has(channel.name)) continue;
    options.detach(session, subscription);
    state.marks.set(channel.name, markOf(channel));
  }
  const isStuck = monotonicMs() - state.overSinceMs > limits.slowConsumerTimeoutMs;
  if (isStuck || buffered > limits.outboundBufferBytes + HARD_CAP_BEYOND_LIMIT) closeSession(session, 4409);
}

/** Half the limit: a client is taken back when it can bear what it missed. */
function canBear(session: Session, limits: Limits): boolean {
  return (session.connection?.bufferedAmount() ?? 0) <= limits.outboundBufferBytes / 2;
}

/** Brings back one subscription after another; false when the client filled up on the way. */
async function resumeAll(session: Session, state: SlowState, options: SlowConsumersOptions): Promise<boolean> {
  for (const [name, mark] of state.marks) {
    const subscription = session.subscriptions.get(name);
    if (subscription === undefined) state.marks.delete(name);
    else if (!canBear(session, options.limits)) return false;
    else if (!(await resumeOne(session, state, subscription, mark, options))) return false;
  }
  return true;
}

async function resumeOne(
  session: Session,
  state: SlowState,
  subscription: Subscription,
  mark: PauseMark,
  options: SlowConsumersOptions,
): Promise<boolean> {
  const { channel } = subscription;
  const { notices } = options;
  const attach = (): void => {
    // Left, or joined anew, in the meantime: the mark that stands there now is another one's.
    if (session.subscriptions.get(channel.name) !== subscription) return;
    state.marks.delete(channel.name);
    options.attach(session, subscription);
  };
  if (channel.logClass === 'live') {
    notices.shedLive(session, channel, channel.delivered - mark.delivered);
    attach();
    return true;
  }
  // After a loss of the Spine it is not known yet whether the log is still the same: the next sweep asks again.
  if (!channel.isContinuous) return false;
  if (!mark.isAnnounced && mark.seq < channel.lastSeq) {
    notices.lagging(session, channel, mark.seq);
    mark.isAnnounced = true;
  }
  const result = await options.catchUp.run(session, subscription, mark, attach);
  if (result.kind === 'complete' && mark.isAnnounced) options.recoveries.recovery('catch_up', true);
  if (result.kind === 'hole') {
    options.recoveries.recovery('catch_up', false);
    notices.hole(session, channel, result.reason);
    attach();
  }
  return result.kind !== 'full';
}
