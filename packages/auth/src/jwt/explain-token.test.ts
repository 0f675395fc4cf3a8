import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { explainToken } from './explain-token.ts';

const NOW_MS = Date.parse('2026-11-25T12:00:00Z');
const NOW_S = NOW_MS / 1_000;
const whole = { sub: 'alice', tenant_id: 'acme', exp: NOW_S + 60 };

function sign(claims: object, header: object = {}): Promise<string> {
  const key = new TextEncoder().encode('b7e1f0a9c2d84e56b7e1f0a9c2d84e56');
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', ...header }).sign(key);
}

describe('explainToken', () => {
  it.each(['', 'junk', 'a.b', 'a.b.c', '..', `${'x'.repeat(9_000)}.y.z`])(
    '[CLI-2] tells that %.20s is no JWT',
    (text) => {
      expect(explainToken(text, NOW_MS).text).toBe('the token is no JWT');
    },
  );

  it('[AUT-2] names the claims that are missing', async () => {
    expect(explainToken(await sign({ sub: 'alice' }), NOW_MS).text).toBe('the token lacks tenant_id, exp');
  });

  it('[AUT-2] tells when it expired, and when it begins, beyond the skew that is allowed', async () => {
    const expired = await sign({ ...whole, exp: NOW_S - 31 });
    expect(explainToken(expired, NOW_MS).text).toBe('the token expired on 2026-11-25T11:59:29.000Z');
    const early = await sign({ ...whole, nbf: NOW_S + 31 });
    expect(explainToken(early, NOW_MS).text).toBe('the token is not valid before 2026-11-25T12:00:31.000Z');
    const skewed = await sign({ ...whole, exp: NOW_S - 29, nbf: NOW_S + 29 });
    expect(explainToken(skewed, NOW_MS).text).toContain('whole and in time');
    expect(explainToken(await sign({ ...whole, exp: -1e300 }), NOW_MS).text).toContain('expired on second -1e+300');
  });

  it('[AUT-1] else tells what keys and issuers are compared by', async () => {
    const token = await sign({ ...whole, iss: 'https://id.acme.example', aud: ['bus', 'web'] }, { kid: 'k1' });
    const { fix } = explainToken(token, NOW_MS);
    expect(fix).toContain('alg HS256, kid k1, iss https://id.acme.example, aud bus,web');
    expect(explainToken(await sign(whole), NOW_MS).fix).toContain('alg HS256, no kid, iss none, aud none');
    expect(fix).not.toContain(token.slice(-20));
  });
});
