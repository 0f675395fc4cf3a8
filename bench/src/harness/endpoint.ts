import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { Permission } from '@arqonbus/auth';

/**
 * Gives tokens of this many users; none where the server asks for none. With a grant they publish without joining (PRT-16). All are
 * of one tenant unless another is named. Users are numbered, from 0 unless another number is named.
 */
export type TokenSource = (
  count: number,
  hasPublishGrant?: boolean,
  tenant?: string,
  firstUser?: number,
) => Promise<readonly string[]>;

/** Where clients connect to, and with what. */
export interface Endpoint {
  readonly port: number;
  readonly tokens: TokenSource;
  /** Where the server shows its metrics; only a cluster says so. */
  readonly metricsUrl?: string;
}

const HOUR_MS = 3_600_000;
const TENANT = 'acme';
const PUBLISH_ANYWHERE: readonly Permission[] = [{ action: 'publish', pattern: '*:*', effect: 'allow' }];

/** Tokens that are signed with this secret; undefined = of a server that asks for none. */
export function createTokenSource(secret: string | undefined): TokenSource {
  if (secret === undefined) return async () => [];
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  return (count, hasPublishGrant = false, tenant = TENANT, firstUser = 0) => {
    const permissions = hasPublishGrant ? { permissions: PUBLISH_ANYWHERE } : {};
    const order = { tenant, role: 'user', ttlMs: HOUR_MS, ...permissions } as const;
    const users = Array.from({ length: count }, (_, index) => `user-${String(firstUser + index).padStart(6, '0')}`);
    return Promise.all(users.map((user) => issuer.issue({ ...order, user })));
  };
}

/** A token of an administrator of the same tenant; empty where no secret is given. */
export async function createAdminToken(secret: string | undefined): Promise<string> {
  if (secret === undefined) return '';
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  return issuer.issue({ tenant: TENANT, user: 'root', role: 'admin', ttlMs: HOUR_MS });
}
