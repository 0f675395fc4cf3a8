import type { Member } from '@arqonbus/protocol/spine-messages';
import { memberOf, pagesByBytes } from '@arqonbus/runtime';
import type { MemberEntry } from '@arqonbus/runtime';
import type { PresenceNews } from './presence-list.ts';

/** The payload of one presence event, without its address (PRS-5). */
export interface PresencePayload {
  readonly event: 'presence';
  /** `first_of_user`: no other connection of the user was there (PRS-3). */
  readonly joins: readonly (MemberEntry & { readonly first_of_user?: true })[];
  /** `last_of_user`: none is left. */
  readonly leaves: readonly { readonly client_id: string; readonly user: string; readonly last_of_user?: true }[];
  readonly updates: readonly MemberEntry[];
  readonly total: number;
  /** There are too many to be told one by one. */
  readonly counts_only?: true;
  /** Everybody known before is to be forgotten: these are all. */
  readonly reset?: true;
}

/** What clients are told; undefined where there is nothing to tell. Several, where one would be longer than a page (PRT-22). */
export function presencePayloads(news: PresenceNews, pageBytes: number): readonly PresencePayload[] {
  const { total, isCountsOnly, isReset } = news;
  if (isCountsOnly) return [{ ...EMPTY, total, counts_only: true }];
  const items: Partial<Pick<PresencePayload, 'joins' | 'leaves' | 'updates'>>[] = [
    ...news.leaves.map((member) => ({ leaves: [leaveOf(member, news)] })),
    ...news.joins.map((member) => ({ joins: [joinOf(member, news)] })),
    ...news.updates.map((member) => ({ updates: [memberOf(member)] })),
  ];
  if (items.length === 0 && !isReset) return [];
  return pagesByBytes(items, pageBytes).map((page, index) => ({
    ...EMPTY,
    joins: page.flatMap(({ joins = [] }) => joins),
    leaves: page.flatMap(({ leaves = [] }) => leaves),
    updates: page.flatMap(({ updates = [] }) => updates),
    total,
    ...(isReset && index === 0 ? { reset: true as const } : {}),
  }));
}

const EMPTY = { event: 'presence', joins: [], leaves: [], updates: [] } as const;

function joinOf(member: Member, { usersCame }: PresenceNews): PresencePayload['joins'][number] {
  return usersCame.has(member.user) ? { ...memberOf(member), first_of_user: true } : memberOf(member);
}

function leaveOf({ clientId, user }: Member, { usersWent }: PresenceNews): PresencePayload['leaves'][number] {
  return { client_id: clientId, user, ...(usersWent.has(user) ? { last_of_user: true as const } : {}) };
}
