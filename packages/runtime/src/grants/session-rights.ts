import { createRights, grantSubjectsOf } from '@arqonbus/auth';
import type { AccessDefault, Permission, Principal, Rights } from '@arqonbus/auth';
import type { TenantId } from '@arqonbus/protocol';
import type { GrantSets } from './grant-sets.ts';

/** What somebody with a good token may do now: role, grants and what the token adds or takes away (PRM-2). */
export interface SessionRights {
  of(principal: Principal): Rights;
  /** Grants of the tenant have changed: rights that were given before count no more. */
  forget(tenant: TenantId): void;
}

/** What rights are made of. */
export interface SessionRightsOptions {
  readonly grants: Pick<GrantSets, 'of'>;
  /** Read each time: it may change at run time. */
  readonly access: { readonly default: AccessDefault };
  readonly now: () => number;
}

/** Rights of sessions; those of the same subjects share one object, so that memory does not grow with sessions. */
export function createSessionRights({ grants, access, now }: SessionRightsOptions): SessionRights {
  const shared = new Map<TenantId, Map<string, Rights>>();
  const permissionsOf = (tenant: TenantId, subjects: readonly string[]): readonly Permission[] => {
    const nowMs = now();
    return subjects
      .flatMap((subject) => grants.of(tenant, subject))
      .filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs);
  };
  return {
    of: (principal) => {
      const { tenant, role } = principal;
      const options = { accessDefault: access.default };
      const subjects = grantSubjectsOf(principal).filter((subject) => grants.of(tenant, subject).length > 0);
      if (subjects.length === 0) return createRights(role, principal.permissions, options);
      if (principal.permissions.length > 0) {
        return createRights(role, [...permissionsOf(tenant, subjects), ...principal.permissions], options);
      }
      const known = shared.get(tenant) ?? new Map<string, Rights>();
      shared.set(tenant, known);
      const key = [access.default, role, ...subjects].join('\n');
      const rights = known.get(key) ?? createRights(role, permissionsOf(tenant, subjects), options);
      known.set(key, rights);
      return rights;
    },
    forget: (tenant) => void shared.delete(tenant),
  };
}
