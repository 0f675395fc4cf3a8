import type { LogClass } from '@arqonbus/protocol';
import type { ChannelAddress, SpineSubscription, Subject } from '@arqonbus/spine';
import type { TenantState } from '../limits/tenant-states.ts';
import type { Lane } from '../delivery/coalescer.ts';
import type { Topic } from '../listener/listener.ts';

/**
 * A channel as this Shield knows it while a local session is in it: one interest on the Spine and one topic per wire
 * format, whatever the number of subscribers (ARC-14).
 */
export interface LocalChannel extends Lane {
  readonly address: ChannelAddress;
  /** `room:channel`. */
  readonly name: string;
  /** `<tenant>/<room>:<channel>`, the key among all local channels. */
  readonly key: string;
  readonly subject: Subject;
  readonly logClass: LogClass;
  readonly jsonTopic: Topic;
  readonly protoTopic: Topic;
  readonly tenantState: TenantState;
  interest: SpineSubscription | undefined;
  /** Sockets in the JSON topic. */
  jsonSubscribers: number;
  /** Sockets in the Protobuf topic. */
  protoSubscribers: number;
  /** Subscriptions, attached or not, and joins under way: while there is one, the interest is needed. */
  users: number;
  /** Sequence of the last publication written to the topics, or the log's end when the channel was opened. */
  lastSeq: number;
  epoch: string;
  /** Publications written to the topics so far; what a paused subscriber of a `live` channel missed is counted by it. */
  delivered: number;
  /** Resolves once `lastSeq` and `epoch` are known. */
  ready: Promise<void>;
}
