import {
  AuthenticateReplySchema,
  AuthenticateRequestSchema,
  create,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { Identity } from '@arqonbus/protocol/spine-messages';
import type { AuthResult, Principal } from '../authenticator.ts';
import { parseTokenClaims } from '../jwt/token-claims.ts';

/** The authenticator cannot tell now, and says so. */
export const UNDECIDED = 'service_undecided';

/** The question to an operator's authenticator, encoded. */
export function encodeQuestion(token: string): Uint8Array {
  return toBinary(AuthenticateRequestSchema, create(AuthenticateRequestSchema, { token }));
}

/**
 * What an authenticator answered, under the rules of a JWT's claims (AUT-2, SPN-7). A text is the fixed reason why the
 * answer cannot be used or the authenticator cannot tell.
 */
export function readAnswer(data: Uint8Array, nowMs: number): AuthResult | string {
  const reply = readMessage(AuthenticateReplySchema, data);
  if (reply === undefined) return 'service_malformed';
  const { identity, errorCode } = reply;
  if (identity === undefined) return readRefusal(errorCode);
  if (errorCode !== '') return 'service_malformed';
  const principal = parseIdentity(identity);
  if (typeof principal === 'string') return `service_${principal}`;
  return principal.expiresAtMs > nowMs
    ? { ok: true, principal }
    : { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };
}

/** Who a service of the bus, or an authenticator, says somebody is; a text is the fixed reason why it cannot be (AUT-2, SPN-7). */
export function parseIdentity(identity: Identity): Principal | string {
  return parseTokenClaims(claimsOf(identity));
}

function readRefusal(errorCode: string): AuthResult | string {
  switch (errorCode) {
    case '':
    case 'AUTHENTICATION_FAILED':
      return { ok: false, code: 'AUTHENTICATION_FAILED', reason: 'refused' };
    case 'TOKEN_EXPIRED':
      return { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };
    case 'UNAVAILABLE':
      return UNDECIDED;
    default:
      return 'service_malformed';
  }
}

function claimsOf(identity: Identity): Readonly<Record<string, unknown>> {
  const { tenantId, user, expiresAtMs, role, permissions, capabilities, name } = identity;
  return {
    sub: user,
    tenant_id: tenantId,
    exp: Number(expiresAtMs) / 1_000,
    permissions: permissions.map(({ action, pattern, effect }) => ({ action, pattern, effect })),
    capabilities,
    name,
    ...(role === '' ? {} : { role }),
  };
}
