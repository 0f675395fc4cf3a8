import { createHash } from 'node:crypto';
import type { TenantId } from '@arqonbus/protocol';

/** A channel whose entries are meant; `channel` is `*` for the room's own pseudo-channel (PRT-16). */
export interface LogAddress {
  readonly tenant: TenantId;
  readonly room: string;
  readonly channel: string;
}

/** What every key of a tenant begins with: the tag in braces keeps all of them in one slot (BRN-2, LOG-6). */
function prefixOf(tenant: TenantId): string {
  return `arqon:{${tenant}}:log`;
}

/** The tenant's counter of sequences, and what its epoch is made from. */
export function stateKey(tenant: TenantId): string {
  return prefixOf(tenant);
}

/** The stream of a channel's entries. No name holds a colon, so no two channels share one. */
export function entriesKey({ tenant, room, channel }: LogAddress): string {
  return `${prefixOf(tenant)}:entries:${room}:${channel}`;
}

/** The last sequence, time and size of a channel, which outlive what is trimmed. */
export function figuresKey({ tenant, room, channel }: LogAddress): string {
  return `${prefixOf(tenant)}:figures:${room}:${channel}`;
}

/** Which channels of a room hold something, each with the moment when its newest entry is over. */
export function channelsKey(tenant: TenantId, room: string): string {
  return `${prefixOf(tenant)}:channels:${room}`;
}

/** Which rooms hold something, as {@link channelsKey}. */
export function roomsKey(tenant: TenantId): string {
  return `${prefixOf(tenant)}:rooms`;
}

/** The sequence that an id was stored under (LOG-5), of bounded length whatever client and user are called. */
export function seenKey({ tenant, room, channel }: LogAddress, user: string, id: string): string {
  // Lengths before the parts: no two lists of parts are the same text.
  const text = [room, channel, user, id].map((part) => `${part.length}:${part}`).join('');
  return `${prefixOf(tenant)}:seen:${createHash('sha256').update(text).digest('base64url')}`;
}
