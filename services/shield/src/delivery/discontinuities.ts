import type { Spine, SpineSubscription } from '@arqonbus/spine';
import type { Listener } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';
import type { LocalChannels } from '../subscriptions/local-channels.ts';
import { encodeFrame } from './frames.ts';
import type { ServerEnvelopes } from './frames.ts';

/** What telling of lost messages needs from around it. */
export interface DiscontinuitiesOptions {
  readonly spine: Spine;
  readonly channels: LocalChannels;
  readonly listener: Pick<Listener<Peer>, 'publish'>;
  readonly envelopes: ServerEnvelopes;
}

/**
 * Tells the subscribers of every `live` channel, once the Spine is back, that messages may have been lost while it was
 * away: nothing can bring those back, and silence would be a lie (PRD-3). One frame a channel and format.
 */
export function followDiscontinuities(options: DiscontinuitiesOptions): SpineSubscription {
  let wasLost = false;
  return options.spine.onStatus((status) => {
    if (status === 'connected' && wasLost) tellAll(options);
    wasLost = status === 'disconnected';
  });
}

function tellAll({ channels, listener, envelopes }: DiscontinuitiesOptions): void {
  for (const channel of channels.all()) {
    if (channel.logClass !== 'live') continue;
    const { room, channel: name } = channel.address;
    const envelope = envelopes.system({ event: 'discontinuity', room, channel: name, reason: 'spine' });
    if (channel.jsonSubscribers > 0) listener.publish(channel.jsonTopic, encodeFrame(envelope, 'json'), false);
    if (channel.protoSubscribers > 0) listener.publish(channel.protoTopic, encodeFrame(envelope, 'proto'), true);
  }
}
