import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTokenClaims } from './token-claims.ts';

const good = { sub: 'user-1', tenant_id: 'acme', exp: 1_900_000_000 };

function reason(claims: Readonly<Record<string, unknown>>): unknown {
  const parsed = parseTokenClaims({ ...good, ...claims });
  return typeof parsed === 'string' ? parsed : 'accepted';
}

describe('token claims', () => {
  it.each(['', 'x'.repeat(256), 'tab\there', 'nul\0', 'é', undefined, null, 7, ['u'], {}])(
    '[SPN-7] refuses sub %j',
    (sub) => {
      expect(reason({ sub })).toBe('malformed_sub');
    },
  );

  it('[SPN-7] accepts any printable sub up to 255 bytes, wildcards and spaces included', () => {
    for (const sub of ['x'.repeat(255), 'a.b.*.>', 'user name', 'mailto:a@b.example', '$JS.API.>']) {
      expect(reason({ sub })).toBe('accepted');
    }
  });

  it.each(['', '*', '>', 'a.*', 'a.>', '.a', 'a b', '_x', 'ac\u043ce', 'x'.repeat(65), undefined, null, 7, ['acme']])(
    '[SPN-7] refuses tenant_id %j',
    (tenant) => {
      expect(reason({ tenant_id: tenant })).toBe('malformed_tenant');
    },
  );

  it.each(['root', 'Admin', 'admin ', '', null, ['admin'], 3, {}])('[PRM-1] refuses the unknown role %j', (role) => {
    expect(reason({ role })).toBe('unknown_role');
  });

  const permission = { action: 'join', pattern: 'science:*', effect: 'allow' };

  it.each([
    { permissions: 'join' },
    { permissions: {} },
    { permissions: null },
    { permissions: ['join:science:*'] },
    { permissions: [null] },
    { permissions: [[]] },
    { permissions: [permission, { ...permission, action: 'fly' }] },
    { permissions: [{ ...permission, effect: 'Deny' }] },
    { permissions: [{ ...permission, pattern: 'science:>' }] },
    { permissions: [{ ...permission, pattern: 7 }] },
    { permissions: [{ action: 'join', effect: 'allow' }] },
    { permissions: [{ ...permission, expires_at: '2020-01-01T00:00:00.000Z' }] },
    { permissions: [{ ...permission, subject: 'user:somebody-else' }] },
  ])('[PRM-2] refuses a token with the permissions $permissions', (claims) => {
    expect(reason(claims)).toBe('malformed_permissions');
  });

  it.each([
    { capabilities: 'translate' },
    { capabilities: [''] },
    { capabilities: [7] },
    { capabilities: null },
    { capabilities: ['a\nb'] },
    { capabilities: ['c'.repeat(129)] },
    { capabilities: Array.from({ length: 129 }, (_, i) => `c${i}`) },
  ])('[AUT-2] refuses malformed capabilities', (claims) => {
    expect(reason(claims)).toBe('malformed_capabilities');
  });

  it.each(['x'.repeat(129), 'line\nbreak', '\u001b[31mred', null, 7, {}])('[AUT-2] refuses the name %j', (name) => {
    expect(reason({ name })).toBe('malformed_name');
  });

  it('[AUT-2] never throws, and a principal never holds what the claims do not (property)', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('acme', 'admin', 1_900_000_000));
    const claims = fc.record({
      sub: value,
      tenant_id: value,
      exp: value,
      role: value,
      permissions: value,
      name: value,
    });
    fc.assert(
      fc.property(claims, (generated) => {
        const parsed = parseTokenClaims(generated);
        if (typeof parsed === 'string') return;
        expect(parsed.tenant).toBe(generated.tenant_id);
        expect(parsed.user).toBe(generated.sub);
        expect(parsed.role).toBe(generated.role);
      }),
    );
  });
});
