import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { BanRecordSchema, DisconnectOrderSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { DisconnectRequest } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import { parseTenant, parseText, parseUser } from '../requests/parse-request.ts';
import type { BanStore } from './ban-store.ts';

/** What the bans module answers from. */
export interface BansParts {
  readonly spine: Spine;
  readonly bans: BanStore;
  readonly state: MembershipState;
  readonly now: () => number;
  readonly pageBytes: number;
}

const MAX_REASON_LENGTH = 256;
const MAX_BAN_MS = 3_153_600_000_000n;
const ORDERS = ctl('disconnect');

/** Whose sessions end. A ban is always a user's, so with one all sessions of the client's user end. */
interface Aim {
  readonly clientId: string;
  readonly user: string;
  readonly sessions: number;
}

/**
 * Ends sessions (AUT-5): writes the ban first, where one is asked for, so that nobody slips back in, then orders every
 * Shield to disconnect. Gives how many sessions that concerns. Refuses with `TARGET_NOT_FOUND` for a client that is not
 * connected in this tenant; a user may be banned unseen.
 */
export async function disconnect(
  parts: BansParts,
  request: DisconnectRequest,
): Promise<{ readonly disconnected: number }> {
  const tenant = parseTenant(request.tenant);
  const reason = parseText(request.reason, MAX_REASON_LENGTH, 'reason');
  const { clientId, user, sessions } = findAim(parts.state, tenant, request);
  if (request.banForMs > 0n) await ban(parts, tenant, user, request);
  const order = create(DisconnectOrderSchema, { tenant, clientId, user: clientId === '' ? user : '', reason });
  parts.spine.publish(ORDERS, toBinary(DisconnectOrderSchema, order));
  return { disconnected: sessions };
}

function findAim(state: MembershipState, tenant: TenantId, request: DisconnectRequest): Aim {
  if ((request.clientId === '') === (request.user === '')) {
    throw new BusError('VALIDATION_ERROR', 'Either a client or a user is needed.');
  }
  if (request.user !== '') return aimAt(state, tenant, parseUser(request.user));
  const client = state.find(tenant, request.clientId);
  if (client === undefined) throw new BusError('TARGET_NOT_FOUND');
  const { user } = client.member;
  return request.banForMs > 0n ? aimAt(state, tenant, user) : { clientId: request.clientId, user, sessions: 1 };
}

function aimAt(state: MembershipState, tenant: TenantId, user: string): Aim {
  return { clientId: '', user, sessions: state.connectionsOf(tenant, user) };
}

async function ban(
  { bans, now }: BansParts,
  tenant: TenantId,
  user: string,
  request: DisconnectRequest,
): Promise<void> {
  if (request.banForMs > MAX_BAN_MS) throw new BusError('VALIDATION_ERROR', 'The ban is too long.');
  const createdAtMs = BigInt(now());
  const { reason, requestedBy } = request;
  const untilMs = createdAtMs + request.banForMs;
  await bans.put(tenant, create(BanRecordSchema, { user, untilMs, reason, bannedBy: requestedBy, createdAtMs }));
}
