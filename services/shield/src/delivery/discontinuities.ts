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
 * since nothing can bring those back (decision 0008).
 */
export function followDiscontinuities(options: DiscontinuitiesOptions): SpineSubscription {
  let wasLost = false;
  return options.spine.onStatus((status) => {
    if (status === 'connected' && wasLost) recover(options);
    wasLost = status === 'disconnected';
    if (wasLost) for (const channel of options.channels.all()) channel.isContinuous = false;
  });
}

function recover(options: DiscontinuitiesOptions): void {
  const logged: LocalChannel[] = [];
  for (const channel of options.channels.all()) {
    if (channel.logClass === 'live') {
      options.recoveries.discontinuity('spine');
      options.tell(channel, { event: 'discontinuity', reason: 'spine' });
    } else logged.push(channel);
  }
  const workers = Math.min(AT_ONCE, logged.length);
  for (let worker = 0; worker < workers; worker++) void recoverNext(logged, options);
}

async function recoverNext(left: LocalChannel[], options: DiscontinuitiesOptions): Promise<void> {
  for (let channel = left.pop(); channel !== undefined; channel = left.pop()) {
    try {
      await recoverChannel(channel, options);
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
    if (isWanted) void recoverNext([channel], options);
  }, RETRY_MS);
}

async function recoverChannel(
  channel: LocalChannel,
  { log, gaps, tell, recoveries }: DiscontinuitiesOptions,
): Promise<void> {
  await channel.ready;
  const { epoch, lastSeq } = await log.position(channel.address);
  if (epoch === channel.epoch) {
    await gaps.reach(channel, lastSeq);
    channel.isContinuous = true;
    return;
  }
  channel.isContinuous = true;
  channel.epoch = epoch;
  channel.lastSeq = lastSeq;
  channel.receivedSeq = lastSeq;
  recoveries.discontinuity('epoch_changed');
  tell(channel, { event: 'lagging', epoch, seq: lastSeq, recovered: false, reason: 'epoch_changed' });
}
