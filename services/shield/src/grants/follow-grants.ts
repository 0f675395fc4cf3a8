import type { TenantId } from '@arqonbus/protocol';
import type { KeyValue } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import { createGrantSets, createSessionRights } from '@arqonbus/runtime';
import type { GrantSets, SessionRights, SessionRightsOptions } from '@arqonbus/runtime';

/** Grants as they are now, the rights that follow from them, and open sessions held to both. */
export interface FollowedGrants {
  readonly grants: GrantSets;
  readonly rights: SessionRights;
  /** Ends what has expired since it was called last. Run every second. */
  sweep(): void;
}

/** What following grants needs from around it. */
export interface FollowGrantsOptions extends Omit<SessionRightsOptions, 'grants'> {
  readonly bucket: KeyValue;
  readonly sessions: { all(): Iterable<Session> };
  /** Takes a session out of the channels that it may not be in any more. */
  readonly leaveForbidden: (session: Session) => void;
}

/** Watches grants; a change binds the open sessions of its tenant at once (PRM-3). */
export function followGrants(options: FollowGrantsOptions): FollowedGrants {
  const { sessions, now, leaveForbidden } = options;
  const changed = new Set<TenantId>();
  let isStopped = false;
  let sweptMs = now();
  const apply = (): void => {
    if (isStopped) return;
    const tenants = new Set(changed);
    changed.clear();
    for (const session of sessions.all()) {
      if (session.isClosing || !tenants.has(session.tenant)) continue;
      session.rights = rights.of(session.principal);
      leaveForbidden(session);
    }
  };
  const onChange = (tenant: TenantId): void => {
    rights.forget(tenant);
    // Before the next frame is read, so that nobody is judged by what counts no more (SPN-6); what comes together is one.
    if (changed.size === 0) queueMicrotask(apply);
    changed.add(tenant);
  };
  const grants = createGrantSets(options.bucket, onChange);
  const rights = createSessionRights({ ...options, grants });
  return {
    grants: {
      ...grants,
      stop: () => {
        isStopped = true;
        grants.stop();
      },
    },
    rights,
    sweep: () => {
      const nowMs = now();
      for (const tenant of grants.tenantsWithEnds(sweptMs, nowMs)) onChange(tenant);
      sweptMs = nowMs;
    },
  };
}
