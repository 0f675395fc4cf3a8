import type { Member } from '@arqonbus/protocol/spine-messages';
import { jsonBytes, takePage } from '../paging/page.ts';
import type { Page, PageRequest } from '../paging/page.ts';
import type { ChannelAddress } from '@arqonbus/spine';
import { memberIn } from './membership-state.ts';
import type { MembershipState } from './membership-state.ts';

/** Names of the fields, quotes, the time and the type of one member in a JSON frame. */
const FIELDS_BYTES = 220;
const TIME_DIGITS = 16;

/**
 * A page of the members of a channel, or for `*` of its room, oldest connection first. The order, and so the cursor, is the same on every replica: it comes
 * from what the Shield said of the client, not from when it was heard here.
 */
export function pageOfMembers(
  state: MembershipState,
  address: ChannelAddress,
  request: PageRequest,
  pageBytes: number,
): Page<Member> & { readonly total: number } {
  const clients = state.clientsIn(address.tenant, address.room, address.channel);
  const members = Array.from(clients.keys(), (client) => memberIn(client, address));
  members.sort(compareMembers);
  return { ...takePage(members, request, { keyOf, sizeOf, pageBytes }), total: clients.size };
}

function compareMembers(a: Member, b: Member): number {
  if (a.joinedAtMs !== b.joinedAtMs) return a.joinedAtMs < b.joinedAtMs ? -1 : 1;
  return a.clientId < b.clientId ? -1 : 1;
}

function keyOf({ joinedAtMs, clientId }: Member): string {
  return joinedAtMs.toString().padStart(TIME_DIGITS, '0') + clientId;
}

function sizeOf({ clientId, user, screenName, avatar, personality, status, meta }: Member): number {
  const texts = [user, screenName, avatar, personality, status];
  return FIELDS_BYTES + clientId.length + meta.length + texts.reduce((sum, text) => sum + jsonBytes(text), 0);
}
