import { BusError } from '@arqonbus/protocol';
import type { Clock, TenantId } from '@arqonbus/protocol';
import { BanRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { BanRecord, DisconnectRequest } from '@arqonbus/protocol/spine-messages';
import type { Spine } from '@arqonbus/spine';
import type { Audit, GovernanceAction } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import { orderDisconnect } from '../orders/order-disconnect.ts';
import { parseRequester, parseTenant, parseText, parseTraceId, parseUser } from '../requests/parse-request.ts';
import type { BanStore } from './ban-store.ts';

/** What ending sessions needs, in the partition of their tenant. */
export interface DisconnectParts {
  readonly partition: number;
  readonly spine: Spine;
  readonly bans: BanStore;
  readonly audit: Audit;
  readonly state: MembershipState;
  readonly clock: Clock;
  readonly whenSettled: () => Promise<void>;
  /** Asks all Shields what they have, and resolves when they have told. */
  readonly lookAgain: () => Promise<void>;
}

const MAX_REASON_LENGTH = 256;
const MAX_BAN_MS = 3_153_600_000_000n;

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
  parts: DisconnectParts,
  request: DisconnectRequest,
): Promise<{ readonly disconnected: number }> {
  const tenant = parseTenant(request.tenant);
  parseText(request.reason, MAX_REASON_LENGTH, 'reason');
  const aim = await findAim(parts, tenant, request);
  const ban = request.banForMs > 0n ? createBan(parts, aim.user, request) : undefined;
  const action = await describe(parts, tenant, aim, ban, request);
  await parts.audit.run(action, () => endSessions(parts, tenant, aim, ban, request.reason));
  return { disconnected: aim.sessions };
}

async function describe(
  { bans }: DisconnectParts,
  tenant: TenantId,
  { clientId, user, sessions }: Aim,
  ban: BanRecord | undefined,
  { reason, banForMs, requestedBy, traceId }: DisconnectRequest,
): Promise<GovernanceAction> {
  const before = digestOf(await bans.stored(tenant, user));
  return {
    tenant,
    actor: parseRequester(requestedBy),
    action: 'op.session.disconnect',
    target: clientId === '' ? `user:${user}` : `client:${clientId}`,
    traceId: parseTraceId(traceId),
    before,
    after: ban === undefined ? before : digestOf(toBinary(BanRecordSchema, ban)),
    details: { user, reason, sessions, ban_for_ms: Number(banForMs) },
  };
}

async function endSessions(
  { spine, bans }: DisconnectParts,
  tenant: TenantId,
  { clientId, user }: Aim,
  ban: BanRecord | undefined,
  reason: string,
): Promise<void> {
  if (ban !== undefined) await bans.put(tenant, ban);
  // The ban itself reaches the Shields too, in any order with this: both must tell the same.
  const code = ban === undefined ? '' : 'BANNED';
  orderDisconnect(spine, { tenant, clientId, user: clientId === '' ? user : '', code, reason });
}

async function findAim(parts: DisconnectParts, tenant: TenantId, request: DisconnectRequest): Promise<Aim> {
  if ((request.clientId === '') === (request.user === '')) {
    throw new BusError('VALIDATION_ERROR', 'Either a client or a user is needed.');
  }
  const aim = lookFor(parts.state, tenant, request);
  if (aim !== undefined && aim.sessions > 0) return aim;
  // Who has connected a moment ago may not have been reported here yet.
  await parts.lookAgain();
  const found = lookFor(parts.state, tenant, request);
  if (found === undefined) throw new BusError('TARGET_NOT_FOUND');
  return found;
}

function lookFor(state: MembershipState, tenant: TenantId, request: DisconnectRequest): Aim | undefined {
  if (request.user !== '') return aimAt(state, tenant, parseUser(request.user));
  const client = state.find(tenant, request.clientId);
  if (client === undefined) return undefined;
  const { user } = client.member;
  return request.banForMs > 0n ? aimAt(state, tenant, user) : { clientId: request.clientId, user, sessions: 1 };
}

function aimAt(state: MembershipState, tenant: TenantId, user: string): Aim {
  return { clientId: '', user, sessions: state.connectionsOf(tenant, user) };
}

function createBan({ clock }: DisconnectParts, user: string, request: DisconnectRequest): BanRecord {
  if (request.banForMs > MAX_BAN_MS) throw new BusError('VALIDATION_ERROR', 'The ban is too long.');
  const createdAtMs = BigInt(clock.now());
  const { reason, requestedBy } = request;
  const untilMs = createdAtMs + request.banForMs;
  return create(BanRecordSchema, { user, untilMs, reason, bannedBy: requestedBy, createdAtMs });
}
