import { ctl } from '@arqonbus/spine';
import type { ChannelLog, LogChange, Spine } from '@arqonbus/spine';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { LocalChannels } from '../subscriptions/local-channels.ts';
import { doubtOf, recoverChannel } from './recover-channel.ts';
import type { DoubtedChannel, RecoverChannelOptions } from './recover-channel.ts';

/** What bringing channels over a loss of the Spine, or of their log, needs. */
export interface DiscontinuitiesOptions extends RecoverChannelOptions {
  readonly spine: Pick<Spine, 'status' | 'onStatus' | 'subscribe'>;
  readonly log: Pick<ChannelLog, 'position' | 'end'>;
  readonly channels: LocalChannels;
  /** Told whenever channels may have another epoch. */
  readonly onLogChange: (listener: (change: LogChange) => void) => void;
  readonly onError: (channel: LocalChannel, error: unknown) => void;
  /** Default `setTimeout`. */
  readonly startTimer?: (run: () => void, afterMs: number) => void;
}

/** Sees to it that nobody believes that nothing happened. */
export interface Discontinuities {
  /** Looks whether a last message was lost on the way, in channels that have been silent; run every 25 s (LOG-16). */
  confirm(): Promise<void>;
  stop(): void;
}

/** Channels whose logs are looked at together, so that a Shield with many does not ask for all of them at once. */
const AT_ONCE = 16;
/** How long to wait after a log could not be read: it may not be known yet whether it is still the one that it was. */
const RETRY_MS = 250;

/**
 * Once the Spine is back, or the log is another one, nobody is left to believe that nothing happened (SPN-4, LOG-4):
 * logged channels fetch what they missed, also where no message follows (LOG-16); subscribers of `live` channels are told
 * that messages may be lost, since nothing can bring those back (decision 0008). Where a Brain keeps the log, it says when
 * to look (LOG-6): its storage was away, and may tell another history now.
 */
export function followDiscontinuities(options: DiscontinuitiesOptions): Discontinuities {
  const { spine, channels } = options;
  let wasLost = false;
  const doubtAll = (): void => {
    for (const channel of channels.all()) {
      channel.isContinuous = false;
      // What was heard in a doubt that is not over yet stays heard.
      if (isLogged(channel)) channel.doubt ??= { afterSeq: undefined, upTo: 0 };
    }
  };
  const recoverLogged = (): void => recover([...channels.all()].filter(isLogged), options);
  const status = spine.onStatus((now) => {
    if (now === 'connected' && wasLost) {
      tellLive(options);
      recoverLogged();
    }
    wasLost = now === 'disconnected';
    if (wasLost) doubtAll();
  });
  const doubts = spine.subscribe(ctl('log'), () => {
    doubtAll();
    recoverLogged();
  });
  // Of `live` channels too: another layout may give them a log.
  options.onLogChange((change) => {
    if (change.kind === 'layout') recover([...channels.all()], options, true);
    else
      recover(
        [...channels.all()].filter(({ stream }) => stream === '' || stream === change.stream),
        options,
      );
  });
  return {
    confirm: () => forEach([...channels.all()].filter(isLogged), (channel) => confirmChannel(channel, options)),
    stop: () => {
      status.unsubscribe();
      doubts.unsubscribe();
    },
  };
}

function isLogged({ logClass }: LocalChannel): boolean {
  return logClass !== 'live';
}

function tellLive({ channels, recoveries, tell }: DiscontinuitiesOptions): void {
  for (const channel of channels.all()) {
    if (isLogged(channel)) continue;
    recoveries.discontinuity('spine');
    tell(channel, { event: 'discontinuity', reason: 'spine' });
  }
}

function recover(channels: readonly LocalChannel[], options: DiscontinuitiesOptions, goesOn = false): void {
  const doubted = channels.map((channel) => doubtOf(channel, goesOn));
  void forEach(doubted, (one) => recoverOrLookAgain(one, options));
}

/** Where the Spine was lost again the next reconnect looks anew; else nobody would (found by the simulation). */
async function recoverOrLookAgain(doubted: DoubtedChannel, options: DiscontinuitiesOptions): Promise<void> {
  const { channel } = doubted;
  const { spine, onError, startTimer = setTimeout } = options;
  try {
    await recoverChannel(doubted, options);
  } catch (error) {
    onError(channel, error);
    startTimer(() => {
      if (spine.status() === 'connected' && channel.users > 0) void recoverOrLookAgain(doubtOf(channel), options);
    }, RETRY_MS);
  }
}

/** A channel that got something since the last look is busy: a lost message shows itself by the next one. */
async function confirmChannel(channel: LocalChannel, options: DiscontinuitiesOptions): Promise<void> {
  const { receivedSeq, confirmed, isContinuous } = channel;
  try {
    const { epoch, endSeq } = await options.log.end(channel.address);
    const isBusy = receivedSeq !== confirmed.receivedSeq && isContinuous;
    const isUnchanged = endSeq === confirmed.endSeq && isContinuous;
    if (epoch !== channel.epoch || !(isUnchanged || isBusy)) await recoverOrLookAgain(doubtOf(channel), options);
    channel.confirmed = { endSeq: isBusy ? -1 : endSeq, receivedSeq: channel.receivedSeq };
  } catch (error) {
    options.onError(channel, error);
  }
}

/** Runs a task for each, some at a time. */
async function forEach<T>(left: T[], task: (item: T) => Promise<void>): Promise<void> {
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, work));
}
