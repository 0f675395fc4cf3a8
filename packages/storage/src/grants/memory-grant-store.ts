import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { GrantLimits, GrantQuery, GrantSet, GrantStore, StoredGrant } from './grant-store.ts';

interface TenantGrants {
  readonly grants: Map<string, StoredGrant>;
  readonly versions: Map<string, number>;
}

/** Grants in the memory of this process: for development, and gone with it. */
export function createMemoryGrantStore(): GrantStore {
  const tenants = new Map<TenantId, TenantGrants>();
  const of = (tenant: TenantId): TenantGrants => {
    const known = tenants.get(tenant) ?? { grants: new Map(), versions: new Map() };
    tenants.set(tenant, known);
    return known;
  };
  return {
    put: async (tenant, grant, limits) => put(of(tenant), grant, limits),
    get: async (tenant, grantId) => of(tenant).grants.get(grantId),
    remove: async (tenant, grantId) => remove(of(tenant), grantId),
    list: async (tenant, query) => list(of(tenant), query),
    setOf: async (tenant, subject) => setOf(of(tenant), subject),
    versions: async (tenant) => new Map(of(tenant).versions),
    removeExpired: async (tenant, nowMs) => {
      const known = of(tenant);
      for (const { grantId, expiresAtMs } of known.grants.values()) {
        if (expiresAtMs !== undefined && expiresAtMs <= nowMs) remove(known, grantId);
      }
    },
    tenants: async () => [...tenants].filter(([, { versions }]) => versions.size > 0).map(([tenant]) => tenant),
  };
}

function put(known: TenantGrants, grant: StoredGrant, limits: GrantLimits): StoredGrant {
  const all = [...known.grants.values()];
  const same = all.find((other) => isSame(other, grant));
  const ofSubject = all.filter(({ subject }) => subject === grant.subject).length;
  if (same === undefined && (all.length >= limits.perTenant || ofSubject >= limits.perSubject)) {
    throw new BusError('QUOTA_EXCEEDED', 'There are too many grants.');
  }
  const stands = same === undefined ? grant : { ...same, expiresAtMs: grant.expiresAtMs };
  known.grants.set(stands.grantId, stands);
  touch(known, grant.subject);
  return stands;
}

function isSame(a: StoredGrant, b: StoredGrant): boolean {
  return a.subject === b.subject && a.action === b.action && a.pattern === b.pattern && a.effect === b.effect;
}

function remove(known: TenantGrants, grantId: string): StoredGrant | undefined {
  const grant = known.grants.get(grantId);
  if (grant === undefined) return undefined;
  known.grants.delete(grantId);
  touch(known, grant.subject);
  return grant;
}

function touch({ versions }: TenantGrants, subject: string): void {
  versions.set(subject, (versions.get(subject) ?? 0) + 1);
}

function list({ grants }: TenantGrants, { subject, after, limit }: GrantQuery): readonly StoredGrant[] {
  return sorted(grants)
    .filter((grant) => grant.grantId > after && (subject === undefined || grant.subject === subject))
    .slice(0, limit);
}

function setOf({ grants, versions }: TenantGrants, subject: string): GrantSet {
  const own = sorted(grants).filter((grant) => grant.subject === subject);
  return { version: versions.get(subject) ?? 0, grants: own };
}

function sorted(grants: ReadonlyMap<string, StoredGrant>): readonly StoredGrant[] {
  return [...grants.values()].toSorted((a, b) => (a.grantId < b.grantId ? -1 : 1));
}
