import type { Member } from '@arqonbus/protocol/spine-messages';
import { jsonBytes, takePage } from '../paging/page.ts';
import type { Page, PageRequest } from '../paging/page.ts';
import type { Client } from './membership-state.ts';

/** Names of the fields, quotes, the time and the type of one member in a JSON frame. */
const FIELDS_BYTES = 190;
const TIME_DIGITS = 16;

/**
 * A page of members, oldest connection first. The order, and so the cursor, is the same on every replica: it comes
 * from what the Shield said of the client, not from when it was heard here.
 */
export function pageOfMembers(clients: Iterable<Client>, request: PageRequest, pageBytes: number): Page<Member> {
  const members = Array.from(clients, (client) => client.member);
  members.sort(compareMembers);
  return takePage(members, request, { keyOf, sizeOf, pageBytes });
}

function compareMembers(a: Member, b: Member): number {
  if (a.joinedAtMs !== b.joinedAtMs) return a.joinedAtMs < b.joinedAtMs ? -1 : 1;
  return a.clientId < b.clientId ? -1 : 1;
}

function keyOf({ joinedAtMs, clientId }: Member): string {
  return joinedAtMs.toString().padStart(TIME_DIGITS, '0') + clientId;
}

function sizeOf({ clientId, user, screenName, avatar, personality }: Member): number {
  const free = jsonBytes(user) + jsonBytes(screenName) + jsonBytes(avatar) + jsonBytes(personality);
  return FIELDS_BYTES + clientId.length + free;
}
