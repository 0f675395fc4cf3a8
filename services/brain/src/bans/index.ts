import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { BanRecordSchema, DisconnectOrderSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { BanRecord, DisconnectRequest } from '@arqonbus/protocol/spine-messages';
import { banKey, ctl, serveBrain, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseTenant, parseText, parseUser } from '../requests/parse-request.ts';

/** What the bans module works with. */
export interface BansParts {
  readonly bucket: KeyValue;
  readonly members: MembershipState;
  readonly now: () => number;
  readonly pageBytes: number;
}

const MAX_REASON = 256;
const ENTRY_BYTES = 80;

/** Serves `bans.disconnect`, `list` and `lift`. Shields watch the bucket and enforce (AUT-5). */
export function serveBans(spine: Spine, parts: BansParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { bucket, now, pageBytes } = parts;
  return [
    serveBrain(spine, 'bans.disconnect', async (request) => ({ disconnected: await disconnect(spine, request, parts) }), observer),
    serveBrain(spine, 'bans.list', async (request) => {
      const bans = (await readBans(bucket, parseTenant(request.tenant))).filter((ban) => isInForce(ban, now()));
      return takePage(bans, request, { keyOf: ({ user }) => user, sizeOf, pageBytes });
    }, observer),
    serveBrain(spine, 'bans.lift', async ({ tenant, user }) => {
      const key = banKey(parseTenant(tenant), parseUser(user));
      const lifted = (await bucket.get(key)) !== undefined;
      await bucket.delete(key);
      return { lifted };
    }, observer),
  ];
}

/** Removes bans that are over; run now and then, by any replica. */
export async function sweepBans(bucket: KeyValue, now: () => number): Promise<void> {
  for (const { key, value, revision } of await bucket.list('')) {
    if (isInForce(fromBinary(BanRecordSchema, value), now())) continue;
    try {
      await bucket.delete(key, revision);
    } catch (error) {
      // Somebody has renewed it.
      if (!(error instanceof BusError && error.code === 'CONFLICT')) throw error;
    }
  }
}

async function disconnect(spine: Spine, request: DisconnectRequest, { bucket, members, now }: BansParts): Promise<number> {
  const tenant = parseTenant(request.tenant);
  const reason = parseText(request.reason, MAX_REASON, 'reason');
  const client = request.clientId === '' ? undefined : members.find(tenant, request.clientId);
  if (request.clientId === '' && request.user === '') throw new BusError('VALIDATION_ERROR', 'Name a client or a user.');
  const user = request.clientId === '' ? parseUser(request.user) : client?.member.user;
  // The ban comes first: who is cut off and comes straight back must find it.
  if (request.banForMs > 0n && user !== undefined) {
    const createdAtMs = BigInt(now());
    const ban = { user, reason, bannedBy: request.requestedBy, createdAtMs, untilMs: createdAtMs + request.banForMs };
    await put(bucket, banKey(tenant, user), toBinary(BanRecordSchema, create(BanRecordSchema, ban)));
  }
  const order = { tenant, clientId: request.clientId, user: request.clientId === '' ? request.user : '', reason };
  const count = request.clientId === '' ? members.connectionsOf(tenant, request.user) : client === undefined ? 0 : 1;
  spine.publish(ctl('disconnect'), toBinary(DisconnectOrderSchema, create(DisconnectOrderSchema, order)));
  return count;
}

/** The last ban wins; it names no revision because none is being corrected. */
async function put(bucket: KeyValue, key: string, value: Uint8Array): Promise<void> {
  const known = await bucket.get(key);
  if (known === undefined) await bucket.create(key, value);
  else await bucket.update(key, value, known.revision);
}

async function readBans(bucket: KeyValue, tenant: TenantId): Promise<BanRecord[]> {
  const entries = await bucket.list(tenantPrefix(tenant));
  const bans = entries.map(({ value }) => fromBinary(BanRecordSchema, value));
  return bans.toSorted((a, b) => (a.user < b.user ? -1 : 1));
}

function isInForce({ untilMs }: BanRecord, nowMs: number): boolean {
  return untilMs === 0n || Number(untilMs) > nowMs;
}

function sizeOf({ user, reason }: BanRecord): number {
  return ENTRY_BYTES + jsonBytes(user) + jsonBytes(reason);
}
