import { SignJWT } from 'jose';
import type { Permission } from './access/permission.ts';
import type { Role } from './access/role.ts';
import { secretKey } from './keys/secret-key.ts';

/** Whom a development token is for. */
export interface TokenOrder {
  readonly user: string;
  readonly tenant: string;
  readonly role: Role;
  readonly ttlMs: number;
  readonly permissions?: readonly Permission[];
  readonly capabilities?: readonly string[];
  readonly name?: string;
}

/** Issues tokens for `arqon dev` and tests; production tokens come from the operator's own issuer (AUT-3). */
export interface DevelopmentIssuer {
  /** A signed token. The issuer checks nothing: what it should not hold, the authenticator refuses. */
  issue(order: TokenOrder): Promise<string>;
}

/** Signs with HS256. `now` is the wall clock in ms; throws `VALIDATION_ERROR` for a secret that no authenticator takes. */
export function createDevelopmentIssuer(options: {
  readonly secret: string;
  readonly now: () => number;
}): DevelopmentIssuer {
  const key = new TextEncoder().encode(options.secret);
  secretKey(key);
  return {
    issue({ user, tenant, role, ttlMs, ...optional }) {
      const issuedAtMs = options.now();
      return new SignJWT({ tenant_id: tenant, role, ...optional })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(user)
        .setIssuedAt(Math.floor(issuedAtMs / 1_000))
        .setExpirationTime((issuedAtMs + ttlMs) / 1_000)
        .sign(key);
    },
  };
}
