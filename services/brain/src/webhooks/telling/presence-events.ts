import { memberOf, pagesByBytes, webhookEventId } from '@arqonbus/runtime';
import type { EmittedEvent, MemberEntry } from '@arqonbus/runtime';
import type { ChannelAddress } from '@arqonbus/spine';
import type { ToldChange } from '../../presence/told-change.ts';

/** One event holds members whose JSON is about so long. */
const PAGE_BYTES = 262_144;
const encoder = new TextEncoder();

interface Item {
  readonly joins?: readonly MemberEntry[];
  readonly leaves?: readonly { readonly client_id: string; readonly user: string }[];
  readonly updates?: readonly MemberEntry[];
}

/**
 * A change of members as webhooks are told of it; several events where it is long. With `isReset` the joins are all that there
 * are, whoever was known before.
 */
export function presenceEvents(
  { room, channel }: ChannelAddress,
  { tenure, number, ...change }: ToldChange,
  { atMs, isReset = false }: { readonly atMs: number; readonly isReset?: boolean },
): readonly EmittedEvent[] {
  const pages = pagesByBytes(itemsOf(change), PAGE_BYTES);
  return pages.map((page, index) => ({
    type: 'presence',
    eventId: webhookEventId(tenure, room, channel, isReset ? 'reset' : String(number), String(index)),
    room,
    channel,
    atMs,
    data: encoder.encode(
      JSON.stringify({
        joins: page.flatMap(({ joins = [] }) => joins),
        leaves: page.flatMap(({ leaves = [] }) => leaves),
        updates: page.flatMap(({ updates = [] }) => updates),
        total: change.total,
        ...(change.countsOnly ? { counts_only: true } : {}),
        ...(isReset && index === 0 ? { reset: true } : {}),
      }),
    ),
  }));
}

function itemsOf({ joins, leaves, updates }: Pick<ToldChange, 'joins' | 'leaves' | 'updates'>): readonly Item[] {
  return [
    ...Array.from(leaves, ([clientId, user]) => ({ leaves: [{ client_id: clientId, user }] })),
    ...joins.map((member) => ({ joins: [memberOf(member)] })),
    ...updates.map((member) => ({ updates: [memberOf(member)] })),
  ];
}
