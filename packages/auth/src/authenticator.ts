import type { ErrorCode, TenantId, UserId } from '@arqonbus/protocol';
import type { Permission } from './access/permission.ts';
import type { Role } from './access/role.ts';

/** Who a verified token speaks for. Tenant, user and rights come from here alone (AUT-4). */
export interface Principal {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly role: Role;
  /** Grants carried by the token: they add to the role, or narrow it by `deny`. */
  readonly permissions: readonly Permission[];
  readonly capabilities: readonly string[];
  /** Display name; empty = none. */
  readonly name: string;
  /** `exp`, ms since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** The outcome of checking a token. `reason` is for logs and counters: a fixed word, never part of the token. */
export type AuthResult =
  | { readonly ok: true; readonly principal: Principal }
  | {
      readonly ok: false;
      readonly code: Extract<ErrorCode, 'AUTHENTICATION_FAILED' | 'TOKEN_EXPIRED' | 'UNAVAILABLE'>;
      readonly reason: string;
    };

/** Checks tokens (AUT-6). Never throws; every doubt is a refusal (PRD-6). */
export interface Authenticator {
  authenticate(token: string): Promise<AuthResult>;
}
