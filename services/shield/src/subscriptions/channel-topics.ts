import type { Topic } from '../listener/listener.ts';
import type { LocalChannel } from './local-channel.ts';

/** The topics of those who see a channel alike: one per wire format (CAS-12). */
export interface ChannelTopics {
  /** The entry of `casil.views` that they are in; '' = the most redacted, which a channel itself stands for. */
  readonly view: string;
  readonly jsonTopic: Topic;
  readonly protoTopic: Topic;
  /** Sockets in the JSON topic. */
  jsonSubscribers: number;
  /** Sockets in the Protobuf topic. */
  protoSubscribers: number;
}

/** The topics of a view of this channel, made where nobody had it. */
export function topicsOf(channel: LocalChannel, view: string): ChannelTopics {
  if (view === '') return channel;
  const known = channel.revealed.get(view);
  if (known !== undefined) return known;
  const { jsonTopic, protoTopic } = channel;
  const made = {
    view,
    jsonTopic: `${jsonTopic}/${view}`,
    protoTopic: `${protoTopic}/${view}`,
    jsonSubscribers: 0,
    protoSubscribers: 0,
  };
  channel.revealed.set(view, made);
  return made;
}

/** Forgets the topics of a view that nobody has any more. */
export function forgetEmpty(channel: LocalChannel, { view, jsonSubscribers, protoSubscribers }: ChannelTopics): void {
  if (jsonSubscribers + protoSubscribers === 0) channel.revealed.delete(view);
}

/** Sockets in all topics of a channel, by wire format. */
export function subscribersOf(channel: LocalChannel, field: 'jsonSubscribers' | 'protoSubscribers'): number {
  let sum = channel[field];
  for (const topics of channel.revealed.values()) sum += topics[field];
  return sum;
}
