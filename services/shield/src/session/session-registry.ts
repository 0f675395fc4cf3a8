import type { ClientId, TenantId, UserId } from '@arqonbus/protocol';
import type { Session } from './session.ts';

/** The open sessions of this Shield, by client, user and tenant. */
export interface SessionRegistry {
  add(session: Session): void;
  /** True when this very session was there. */
  remove(session: Session): boolean;
  get(clientId: ClientId | string): Session | undefined;
  ofUser(tenant: TenantId | string, user: UserId | string): Iterable<Session>;
  countOfUser(tenant: TenantId | string, user: UserId | string): number;
  all(): IterableIterator<Session>;
  size(): number;
}

const NONE: readonly Session[] = [];

/** An empty registry. */
export function createSessionRegistry(): SessionRegistry {
  const byClient = new Map<string, Session>();
  const byUser = new Map<string, Session[]>();
  return {
    add: (session) => {
      byClient.set(session.clientId, session);
      const key = userKey(session.tenant, session.user);
      const sessions = byUser.get(key);
      if (sessions === undefined) byUser.set(key, [session]);
      else sessions.push(session);
    },
    remove: (session) => {
      if (byClient.get(session.clientId) !== session) return false;
      byClient.delete(session.clientId);
      const key = userKey(session.tenant, session.user);
      const rest = (byUser.get(key) ?? []).filter((other) => other !== session);
      if (rest.length === 0) byUser.delete(key);
      else byUser.set(key, rest);
      return true;
    },
    get: (clientId) => byClient.get(clientId),
    // A copy: callers close sessions while they walk.
    ofUser: (tenant, user) => [...(byUser.get(userKey(tenant, user)) ?? NONE)],
    countOfUser: (tenant, user) => byUser.get(userKey(tenant, user))?.length ?? 0,
    all: () => byClient.values(),
    size: () => byClient.size,
  };
}

/** Tenant names hold no `/`, so the two parts never run together. */
function userKey(tenant: string, user: string): string {
  return `${tenant}/${user}`;
}
