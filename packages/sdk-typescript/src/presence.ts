import { parseTarget } from '@arqonbus/protocol';
import type { Target } from '@arqonbus/protocol';
import type { Joined, Member } from './subscription.ts';

/** Who came, went and changed in a channel (PRS-5). */
export interface PresenceChange {
  readonly room: string;
  readonly channel: string;
  /** `first_of_user`: no other connection of the user was there. */
  readonly joins: readonly (Member & { readonly first_of_user?: boolean })[];
  /** `last_of_user`: none is left. */
  readonly leaves: readonly { readonly client_id: string; readonly user: string; readonly last_of_user?: boolean }[];
  readonly updates: readonly Member[];
  /** Members after this. */
  readonly total: number;
  /** There are too many to be told one by one: only `total` counts. */
  readonly countsOnly: boolean;
  /** Everybody known before is to be forgotten: `joins` are all there are. */
  readonly reset: boolean;
}

/** Reads the payload of a `system` frame of the event `presence`; undefined where it is none. */
export function parsePresence(payload: Readonly<Record<string, unknown>>): PresenceChange | undefined {
  const { room, channel, joins, leaves, updates, total, counts_only: countsOnly, reset } = payload;
  if (typeof room !== 'string' || typeof channel !== 'string' || parseTarget(room, channel) === undefined)
    return undefined;
  if (!isListOfClients(joins) || !isListOfClients(leaves) || !isListOfClients(updates)) return undefined;
  return {
    room,
    channel,
    joins: joins as PresenceChange['joins'],
    leaves: leaves as PresenceChange['leaves'],
    updates: updates as PresenceChange['updates'],
    total: typeof total === 'number' ? total : 0,
    countsOnly: countsOnly === true,
    reset: reset === true,
  };
}

/** The answer to a repeated join as a change: somebody may have come or gone unseen. Undefined where nobody watches. */
export function presenceOfRejoin({ room, channel }: Target, joined: Joined): PresenceChange | undefined {
  if (joined.total === undefined) return undefined;
  const { total, members } = joined;
  const countsOnly = members.length < total;
  return { room, channel, joins: members, leaves: [], updates: [], total, countsOnly, reset: !countsOnly };
}

/** The members of a channel, kept as they are told. */
export class MemberList {
  readonly members: Map<string, Member> = new Map();

  /** Takes in what is new. */
  apply({ joins, leaves, updates, countsOnly, reset }: PresenceChange): void {
    if (reset || countsOnly) this.members.clear();
    if (countsOnly) return;
    for (const member of [...joins, ...updates]) this.members.set(member.client_id, member);
    for (const { client_id: clientId } of leaves) this.members.delete(clientId);
  }
}

function isListOfClients(value: unknown): value is readonly { readonly client_id: string }[] {
  return (
    Array.isArray(value) &&
    value.every((item: unknown) => typeof (item as { client_id?: unknown } | null)?.client_id === 'string')
  );
}
