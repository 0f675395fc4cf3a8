import { isGrantSubject, parseGrant } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { Clock, Limits, TenantId } from '@arqonbus/protocol';
import type {
  DeleteGrantRequest,
  GrantRecord,
  ListGrantsRequest,
  PutGrantRequest,
} from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { GrantStore, StoredGrant } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import { detailsOf, digestOfGrant } from './audited-grant.ts';
import { pageLimit, jsonBytes, parseCursor, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId, parseUser } from '../requests/parse-request.ts';
import { recordOf } from './grant-record.ts';
import { GrantSets } from './grant-sets.ts';

/** What keeping grants needs. */
export interface GrantsParts {
  readonly spine: Spine;
  /** The truth (PRM-3). */
  readonly store: GrantStore;
  /** `ARQON_GRANTS`, which every Shield watches. */
  readonly bucket: KeyValue;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'grantsPerTenant' | 'grantsPerSubject'>;
  readonly pageBytes: number;
  readonly nextGrantId: () => string;
  /** Told of every change, before the caller is. */
  readonly onChanged: (change: GrantChange) => void;
}

/** A change of a grant. */
export interface GrantChange {
  readonly kind: 'put' | 'deleted';
  readonly tenant: TenantId;
  readonly by: string;
  readonly grant: StoredGrant;
}

/** Grants of all tenants, served. */
export interface GrantsModule {
  readonly served: readonly SpineSubscription[];
  /** Takes away what has expired, and brings the bucket up to the store, for the tenants that fit. */
  sweep(isOurs: (tenant: TenantId) => boolean): Promise<void>;
}

/** Names of the fields and the times of one grant in a JSON frame. */
const FIELDS_BYTES = 180;

/** Serves `grants.put`, `list` and `delete`, which any Brain answers (PRM-4). Who may ask is for the asker to know. */
export function serveGrants(parts: GrantsParts, observer: RpcObserver): GrantsModule {
  const sets = new GrantSets(parts.store, parts.bucket);
  const { spine, store } = parts;
  return {
    served: [
      serveBrain(spine, 'grants.put', (request) => put(parts, sets, request), observer),
      serveBrain(spine, 'grants.list', (request) => list(parts, request), observer),
      serveBrain(spine, 'grants.delete', (request) => remove(parts, sets, request), observer),
    ],
    sweep: async (isOurs) => {
      try {
        for (const tenant of (await store.tenants()).filter(isOurs)) {
          await store.removeExpired(tenant, parts.clock.now());
          await sets.reconcile(tenant);
        }
      } catch (error) {
        // Health tells of a store that is down; the next sweep does all of it again.
        if (!(error instanceof BusError) || error.code !== 'UNAVAILABLE') throw error;
      }
    },
  };
}

async function put(
  parts: GrantsParts,
  sets: GrantSets,
  request: PutGrantRequest,
): Promise<{ readonly grant: GrantRecord }> {
  const tenant = parseTenant(request.tenant);
  const wish = parseWish(parts, request.grant);
  const { grantsPerTenant: perTenant, grantsPerSubject: perSubject } = parts.limits;
  const { grants } = await parts.store.setOf(tenant, wish.subject);
  const before = grants.find((other) => isSameWish(other, wish));
  const action = {
    tenant,
    actor: parseRequester(wish.createdBy),
    action: 'op.grant.put',
    target: `grant:${before?.grantId ?? wish.grantId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOfGrant(before),
    after: digestOfGrant(before === undefined ? wish : { ...before, expiresAtMs: wish.expiresAtMs }),
    details: detailsOf(wish),
  };
  const grant = await parts.audit.run(action, async () => {
    const stands = await parts.store.put(tenant, wish, { perTenant, perSubject });
    // Where this fails the caller is told so, and asks again: the same grant is the same.
    await sets.publish(tenant, stands.subject);
    return stands;
  });
  parts.onChanged({ kind: 'put', tenant, by: wish.createdBy, grant });
  return { grant: recordOf(grant) };
}

function parseWish({ clock, nextGrantId }: GrantsParts, record: GrantRecord | undefined): StoredGrant {
  if (record === undefined) throw new BusError('VALIDATION_ERROR', 'The grant is missing.');
  const { subject, action, pattern } = record;
  const effect = record.deny ? 'deny' : 'allow';
  const parsed = parseGrant({ subject, action, pattern, effect });
  if (!parsed.ok) throw new BusError('VALIDATION_ERROR', `The ${parsed.field} ${parsed.problem}.`);
  const nowMs = clock.now();
  const expiresAtMs = record.expiresAtMs === 0n ? undefined : Number(record.expiresAtMs);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    throw new BusError('VALIDATION_ERROR', 'The grant would be over already.');
  }
  const createdBy = parseUser(record.createdBy);
  return { grantId: nextGrantId(), subject, action, pattern, effect, expiresAtMs, createdBy, createdAtMs: nowMs };
}

function isSameWish(a: StoredGrant, b: StoredGrant): boolean {
  return a.action === b.action && a.pattern === b.pattern && a.effect === b.effect;
}

async function list(
  { store, pageBytes }: GrantsParts,
  request: ListGrantsRequest,
): Promise<{ readonly items: GrantRecord[]; readonly cursor: string }> {
  const tenant = parseTenant(request.tenant);
  if (request.subject !== '' && !isGrantSubject(request.subject)) {
    throw new BusError('VALIDATION_ERROR', 'The subject must be user:<id>, role:<role> or capability:<name>.');
  }
  const limit = pageLimit(request.limit);
  const after = request.cursor === '' ? '' : parseCursor(request.cursor);
  // One more than asked for tells whether there are more.
  const found = await store.list(tenant, { subject: request.subject || undefined, after, limit: limit + 1 });
  const page = takePage(found, { cursor: '', limit }, { keyOf: ({ grantId }) => grantId, sizeOf, pageBytes });
  return { items: page.items.map(recordOf), cursor: page.cursor };
}

function sizeOf({ subject, pattern, createdBy }: StoredGrant): number {
  return FIELDS_BYTES + jsonBytes(subject) + jsonBytes(pattern) + jsonBytes(createdBy);
}

async function remove(
  { store, audit, onChanged }: GrantsParts,
  sets: GrantSets,
  request: DeleteGrantRequest,
): Promise<{ readonly deleted: boolean }> {
  const tenant = parseTenant(request.tenant);
  const by = parseUser(request.requestedBy);
  const grant = await store.get(tenant, request.grantId);
  if (grant === undefined) return { deleted: false };
  const action = {
    tenant,
    actor: parseRequester(by),
    action: 'op.grant.delete',
    target: `grant:${grant.grantId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOfGrant(grant),
    details: detailsOf(grant),
  };
  await audit.run(action, async () => {
    await store.remove(tenant, grant.grantId);
    await sets.publish(tenant, grant.subject);
  });
  onChanged({ kind: 'deleted', tenant, by, grant });
  return { deleted: true };
}
