import { UNKNOWN_SEQ, addressKey, channelOut } from '@arqonbus/spine';
import type { LogProfile } from '@arqonbus/protocol';
import type { ChannelAddress, ChannelLog, Spine, SpineMessage } from '@arqonbus/spine';
import type { TenantStates } from '../limits/tenant-states.ts';
import type { LocalChannel } from './local-channel.ts';

/** The channels that sessions of this Shield are in. */
export interface LocalChannels {
  /**
   * Takes a use of the channel, with interest on the Spine; its position may still be on its way (`ready`). Throws what
   * the Spine throws, and then nothing is taken.
   */
  open(address: ChannelAddress): LocalChannel;
  /** Gives one use back; the last one ends the interest. */
  release(channel: LocalChannel): void;
  all(): Iterable<LocalChannel>;
  size(): number;
}

/** What local channels need from around them. */
export interface LocalChannelsOptions {
  readonly spine: Spine;
  readonly log: ChannelLog;
  readonly profileOf: (room: string, channel: string) => LogProfile;
  readonly tenantStates: TenantStates;
  readonly onMessage: (channel: LocalChannel, message: SpineMessage) => void;
}

/** No channels yet. */
export function createLocalChannels(options: LocalChannelsOptions): LocalChannels {
  const channels = new Map<string, LocalChannel>();
  return {
    open: (address) => {
      const known = channels.get(addressKey(address));
      if (known !== undefined) {
        known.users += 1;
        return known;
      }
      const channel = createLocalChannel(address, options);
      // Interest first, position second: a publication between the two is then seen twice rather than never. A Spine that
      // refuses leaves no channel behind: the next one to open it would wait for messages that nobody asked for.
      channel.interest = options.spine.subscribe(channel.subject, (message) => options.onMessage(channel, message));
      channels.set(channel.key, channel);
      channel.ready = channel.logClass === 'live' ? Promise.resolve() : readPosition(channel, options.log);
      // Who waits for it hears of a failure; nobody may be waiting any more.
      channel.ready.catch(() => undefined);
      return channel;
    },
    release: (channel) => {
      channel.users -= 1;
      if (channel.users > 0) return;
      channel.interest?.unsubscribe();
      channel.interest = undefined;
      channels.delete(channel.key);
    },
    all: () => channels.values(),
    size: () => channels.size,
  };
}

function createLocalChannel(address: ChannelAddress, options: LocalChannelsOptions): LocalChannel {
  const key = addressKey(address);
  return {
    address,
    name: `${address.room}:${address.channel}`,
    key,
    subject: channelOut(address.tenant, address.room, address.channel),
    logClass: options.profileOf(address.room, address.channel).logClass,
    view: '',
    revealed: new Map(),
    jsonTopic: `j/${key}`,
    protoTopic: `p/${key}`,
    tenantState: options.tenantStates.of(address.tenant),
    interest: undefined,
    jsonSubscribers: 0,
    protoSubscribers: 0,
    users: 1,
    lastSeq: 0,
    receivedSeq: UNKNOWN_SEQ,
    isContinuous: true,
    doubt: undefined,
    filling: undefined,
    epoch: '',
    endSeq: 0,
    stream: '',
    elsewhere: undefined,
    confirmed: { endSeq: -1, receivedSeq: UNKNOWN_SEQ },
    delivered: 0,
    lastWriteMs: Number.NEGATIVE_INFINITY,
    held: 0,
    making: undefined,
    ready: Promise.resolve(),
  };
}

async function readPosition(channel: LocalChannel, log: ChannelLog): Promise<void> {
  const { epoch, lastSeq, endSeq, stream } = await log.position(channel.address);
  channel.epoch = epoch;
  channel.endSeq = endSeq;
  channel.stream = stream;
  channel.lastSeq = Math.max(channel.lastSeq, lastSeq);
  channel.receivedSeq = Math.max(channel.receivedSeq, lastSeq);
}
