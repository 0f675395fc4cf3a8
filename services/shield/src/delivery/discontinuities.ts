import { ctl } from '@arqonbus/spine';
import type { ChannelLog, Spine, SpineSubscription } from '@arqonbus/spine';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { LocalChannels } from '../subscriptions/local-channels.ts';
import type { TellChannel } from './channel-notices.ts';
import type { GapFiller } from './gap-filler.ts';
import type { RecoveryCounters } from './recovery-counters.ts';

/** What bringing channels over a loss of the Spine needs. */
export interface DiscontinuitiesOptions {
  readonly spine: Spine;
  readonly log: ChannelLog;
  readonly channels: LocalChannels;
  readonly gaps: Pick<GapFiller, 'reach'>;
  readonly tell: TellChannel;
  readonly recoveries: Pick<RecoveryCounters, 'discontinuity'>;
  readonly onError: (channel: LocalChannel, error: unknown) => void;
  /** Runs something later. Default `setTimeout`. */
  readonly startTimer?: (run: () => void, afterMs: number) => void;
}

/** How long to wait after a log could not be read. */
const RETRY_MS = 500;

/** Channels whose logs are looked at together, so that a Shield with many does not ask for all of them at once. */
const AT_ONCE = 16;

/**
 * Once the Spine is back, nobody is left to believe that nothing happened (SPN-4): logged channels fetch what they
 * missed, also where no message follows (LOG-16); subscribers of `live` channels are told that messages may be lost,
 * since nothing can bring those back (decision 0008). Where a Brain keeps the log, it says when to look (LOG-6): its
 * storage was away, and may tell another history now (LOG-4).
 */
export function followDiscontinuities(options: DiscontinuitiesOptions): SpineSubscription {
  const { spine, channels } = options;
  let wasLost = false;
  const doubt = (): void => {
    for (const channel of channels.all()) channel.isContinuous = false;
  };
  const status = spine.onStatus((now) => {
    if (now === 'connected' && wasLost) {
      tellLive(options);
      recover(options);
    }
    wasLost = now === 'disconnected';
    if (wasLost) doubt();
  });
  const doubts = spine.subscribe(ctl('log'), () => {
    doubt();
    recover(options);
  });
  return {
    unsubscribe: () => {
      status.unsubscribe();
      doubts.unsubscribe();
    },
  };
}

function tellLive({ channels, recoveries, tell }: DiscontinuitiesOptions): void {
  for (const channel of channels.all()) {
    if (channel.logClass !== 'live') continue;
    recoveries.discontinuity('spine');
    tell(channel, { event: 'discontinuity', reason: 'spine' });
  }
}

/** A channel whose epoch and end are not believed any more. */
interface Doubted {
  readonly channel: LocalChannel;
  /** What was known before, or is still being asked for. */
  readonly earlier: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** From here on joins wait: a position of an epoch that is over must not be taken for one of this (LOG-4). */
function doubtOf(channel: LocalChannel): Doubted {
  const earlier = channel.ready;
  const settle: Pick<Doubted, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
  channel.ready = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  // Who waits for it hears of a failure; nobody may be waiting.
  channel.ready.catch(() => undefined);
  return { channel, earlier, resolve: () => settle.resolve(), reject: (error) => settle.reject(error) };
}

function recover(options: DiscontinuitiesOptions): void {
  const doubted = [...options.channels.all()].filter(({ logClass }) => logClass !== 'live').map(doubtOf);
  const workers = Math.min(AT_ONCE, doubted.length);
  for (let worker = 0; worker < workers; worker++) void recoverNext(doubted, options);
}

async function recoverNext(left: Doubted[], options: DiscontinuitiesOptions): Promise<void> {
  for (let doubted = left.pop(); doubted !== undefined; doubted = left.pop()) {
    const { channel } = doubted;
    try {
      await recoverChannel(doubted, options);
    } catch (error) {
      options.onError(channel, error);
      lookAgain(channel, options);
    }
  }
}

/** Where the Spine was lost again the next reconnect looks anew; else nobody would (found by the simulation). */
function lookAgain(channel: LocalChannel, options: DiscontinuitiesOptions): void {
  const { spine, startTimer = setTimeout } = options;
  startTimer(() => {
    const isWanted = spine.status() === 'connected' && channel.users > 0 && !channel.isContinuous;
    if (isWanted) void recoverNext([doubtOf(channel)], options);
  }, RETRY_MS);
}

async function recoverChannel(doubted: Doubted, options: DiscontinuitiesOptions): Promise<void> {
  const { channel } = doubted;
  try {
    const lastSeq = await checkPosition(doubted, options);
    doubted.resolve();
    if (lastSeq === undefined) return;
    await options.gaps.reach(channel, lastSeq);
    channel.isContinuous = true;
  } catch (error) {
    doubted.reject(error);
    throw error;
  }
}

/** Gives how far to fetch; undefined = the log is another one, and its end is where the channel stands now. */
async function checkPosition(
  { channel, earlier }: Doubted,
  { log, tell, recoveries }: DiscontinuitiesOptions,
): Promise<number | undefined> {
  // What failed before is what is asked now.
  await earlier.catch(() => undefined);
  const before = channel.receivedSeq;
  const { epoch, lastSeq } = await log.position(channel.address);
  if (epoch === channel.epoch) return lastSeq;
  channel.isContinuous = true;
  channel.epoch = epoch;
  // What came meanwhile came after the answer was given, and is not to come again.
  const cameMeanwhile = channel.receivedSeq !== before;
  channel.lastSeq = cameMeanwhile ? Math.max(channel.lastSeq, lastSeq) : lastSeq;
  channel.receivedSeq = cameMeanwhile ? Math.max(channel.receivedSeq, lastSeq) : lastSeq;
  recoveries.discontinuity('epoch_changed');
  tell(channel, { event: 'lagging', epoch, seq: lastSeq, recovered: false, reason: 'epoch_changed' });
  return undefined;
}
