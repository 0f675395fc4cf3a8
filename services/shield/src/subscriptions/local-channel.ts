import type { LogClass } from '@arqonbus/protocol';
import type { ChannelAddress, SpineSubscription, Subject } from '@arqonbus/spine';
import type { TenantState } from '../limits/tenant-states.ts';
import type { Lane } from '../delivery/coalescer.ts';
import type { ChannelTopics } from './channel-topics.ts';

/**
 * A channel as this Shield knows it while a local session is in it: one interest on the Spine and one topic per wire
 * format, whatever the number of subscribers (ARC-14).
 */
export interface LocalChannel extends Lane, ChannelTopics {
  readonly address: ChannelAddress;
  /** `room:channel`. */
  readonly name: string;
  /** `<tenant>/<room>:<channel>`, the key among all local channels. */
  readonly key: string;
  readonly subject: Subject;
  /** By the layout of the log in force. */
  logClass: LogClass;
  readonly tenantState: TenantState;
  interest: SpineSubscription | undefined;
  /** Topics of those who see more than the others, by view; most channels have none (CAS-12). */
  readonly revealed: Map<string, ChannelTopics>;
  /** Subscriptions, attached or not, and joins under way: while there is one, the interest is needed. */
  users: number;
  /** Sequence of the last publication written to the topics, or the log's end when the channel was opened. */
  lastSeq: number;
  /**
   * Sequence of the last publication that came from the Spine, in order; ahead of `lastSeq` by what waits to be
   * written. -1 = none came yet, and the log's end is not known either.
   */
  receivedSeq: number;
  /** No message can have been lost on the way since the log's end was known; false from a loss of the Spine until it is known again. */
  isContinuous: boolean;
  /**
   * Set from a loss of the Spine, or a change of the log, until the log has been asked whether it is still the same (LOG-4):
   * what comes meanwhile may be of another one, so nothing is handed on, only how far to read.
   */
  doubt: Doubt | undefined;
  /** Set while publications that did not come are fetched from the log, up to a sequence (LOG-8). */
  filling: { upTo: number; readonly done: Promise<void> } | undefined;
  epoch: string;
  /** While `lastSeq` is 0: a position all the same, before everything that the channel gets from now on. */
  endSeq: number;
  /** The stream whose messages carry its sequences; empty = its log has but one. */
  stream: string;
  /** The last message of another stream than its own, which was handed on without a position. */
  elsewhere: { readonly stream: string; readonly seq: number } | undefined;
  /** The end of the log, and `receivedSeq`, when it was last looked at whether a message is missing (LOG-16). */
  confirmed: { readonly endSeq: number; readonly receivedSeq: number };
  /** Publications written to the topics so far; what a paused subscriber of a `live` channel missed is counted by it. */
  delivered: number;
  /** Set while a join finds out that somebody has made the channel, or makes it: those that come meanwhile need not ask. */
  making: Promise<void> | undefined;
  /** Resolves once `lastSeq` and `epoch` are known. */
  ready: Promise<void>;
}

/** What was heard of a channel while its epoch was not known. */
export interface Doubt {
  /** The predecessor of the first message heard; undefined = none came. */
  afterSeq: number | undefined;
  /** The last sequence heard; 0 = none. */
  upTo: number;
}
