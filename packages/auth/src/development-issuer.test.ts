import { describe, expect, it } from 'vitest';
import { createDevelopmentIssuer } from './development-issuer.ts';
import { createJwtAuthenticator } from './jwt/jwt-authenticator.ts';
import { secretKey } from './keys/secret-key.ts';

const secret = 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j';
const startMs = Date.parse('2026-03-14T09:26:53.589Z');

describe('development tokens', () => {
  it('[AUT-3] are accepted until they expire', async () => {
    let nowMs = startMs;
    const authenticator = createJwtAuthenticator({ keys: secretKey(secret), algorithms: ['HS256'], now: () => nowMs });
    const issuer = createDevelopmentIssuer({ secret, now: () => nowMs });
    const permissions = [{ action: 'publish', pattern: 'science:*', effect: 'deny' }] as const;
    const capabilities = ['summarize'];
    const order = {
      user: 'ada',
      tenant: 'acme',
      role: 'moderator',
      ttlMs: 5_000,
      permissions,
      capabilities,
      name: 'Ada',
    } as const;
    const token = await issuer.issue(order);
    expect(await authenticator.authenticate(token)).toEqual({
      ok: true,
      principal: {
        tenant: 'acme',
        user: 'ada',
        role: 'moderator',
        permissions,
        capabilities,
        name: 'Ada',
        expiresAtMs: startMs + 5_000,
      },
    });
    nowMs += 5_000;
    expect(await authenticator.authenticate(token)).toMatchObject({ ok: false, code: 'TOKEN_EXPIRED' });
  });

  it('[AUT-3] need nothing but user, tenant, role and a time to live', async () => {
    const issuer = createDevelopmentIssuer({ secret, now: Date.now });
    const authenticator = createJwtAuthenticator({ keys: secretKey(secret), algorithms: ['HS256'], now: Date.now });
    const token = await issuer.issue({ user: 'grace', tenant: 'globex', role: 'guest', ttlMs: 60_000 });
    expect(await authenticator.authenticate(token)).toMatchObject({
      principal: { user: 'grace', tenant: 'globex', role: 'guest', permissions: [], capabilities: [], name: '' },
    });
  });

  it('[AUT-1] are not signed with a secret that is too short', () => {
    expect(() => createDevelopmentIssuer({ secret: 'short', now: Date.now })).toThrow('32 bytes');
  });
});
