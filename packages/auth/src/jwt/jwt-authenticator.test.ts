import { createTokens } from '@arqonbus/testkit';
import type { TestAlgorithm, TokenMembers } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import type { AuthResult, Authenticator } from '../authenticator.ts';
import { jwkSetKeys } from '../keys/jwk-set-keys.ts';
import { TOKEN_ALGORITHMS } from '../keys/key-source.ts';
import type { KeySource } from '../keys/key-source.ts';
import { pemKey } from '../keys/pem-key.ts';
import { secretKey } from '../keys/secret-key.ts';
import { createJwtAuthenticator } from './jwt-authenticator.ts';
import type { JwtAuthenticatorOptions } from './jwt-authenticator.ts';

const nowMs = Date.parse('2026-03-14T09:26:53.589Z');
const nowS = Math.floor(nowMs / 1_000);
const tokens = createTokens(() => nowMs);
const sources: Readonly<Record<TestAlgorithm, KeySource>> = {
  HS256: secretKey(tokens.secret),
  RS256: pemKey(tokens.publicPems.RS256, 'RS256'),
  ES256: pemKey(tokens.publicPems.ES256, 'ES256'),
  EdDSA: pemKey(tokens.publicPems.EdDSA, 'EdDSA'),
};

function authenticator(keys: KeySource, options: Partial<JwtAuthenticatorOptions> = {}): Authenticator {
  return createJwtAuthenticator({ keys, algorithms: TOKEN_ALGORITHMS, now: () => nowMs, ...options });
}

const shared = authenticator(sources.HS256);

function withClaims(claims: TokenMembers, options: Partial<JwtAuthenticatorOptions> = {}): Promise<AuthResult> {
  return authenticator(sources.HS256, options).authenticate(tokens.sign('HS256', claims));
}

function refusal(reason: string): AuthResult {
  return { ok: false, code: 'AUTHENTICATION_FAILED', reason };
}

const expired: AuthResult = { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };

describe('good tokens', () => {
  it.each(TOKEN_ALGORITHMS)('[AUT-1] accepts %s', async (algorithm) => {
    expect(await authenticator(sources[algorithm]).authenticate(tokens.sign(algorithm))).toMatchObject({ ok: true });
  });

  it('[AUT-2, AUT-4] makes a principal of the claims alone', async () => {
    const permissions = [{ action: 'publish', pattern: 'science:*', effect: 'allow' }];
    const claims = { sub: 'auth0|5f7c', tenant_id: 'acme-eu.1', role: 'moderator', permissions };
    expect(await withClaims({ ...claims, capabilities: ['translate:de'], name: 'Zoë 🦉', exp: nowS + 60 })).toEqual({
      ok: true,
      principal: {
        tenant: 'acme-eu.1',
        user: 'auth0|5f7c',
        role: 'moderator',
        permissions,
        capabilities: ['translate:de'],
        name: 'Zoë 🦉',
        expiresAtMs: (nowS + 60) * 1_000,
      },
    });
  });

  it('[PRM-1] takes the role user where the token names none', async () => {
    const result = await withClaims({});
    expect(result).toMatchObject({ principal: { role: 'user', permissions: [], capabilities: [], name: '' } });
  });

  it('[AUT-1] accepts the headers that identity providers really send', async () => {
    for (const header of [
      { typ: undefined },
      { typ: 'at+jwt' },
      { typ: 'application/at+jwt' },
      { kid: 'a', x5t: 'b' },
    ]) {
      expect(await shared.authenticate(tokens.sign('HS256', {}, header))).toMatchObject({ ok: true });
    }
  });
});

describe('algorithms and keys', () => {
  it.each(['none', 'None', 'nOnE', '', null, undefined, 'HS512', 'PS256', 256, ['HS256'], 'HS256\0'])(
    '[AUT-1] refuses the algorithm %j (A-01)',
    async (alg) => {
      for (const signature of ['', 'c2ln', tokens.sign('HS256').split('.')[2]]) {
        expect(await shared.authenticate(`${tokens.unsigned(alg)}${signature}`)).toMatchObject({ ok: false });
      }
    },
  );

  it('[AUT-1] refuses an empty signature under an honest algorithm (A-01)', async () => {
    for (const algorithm of TOKEN_ALGORITHMS) {
      const result = await authenticator(sources[algorithm]).authenticate(tokens.unsigned(algorithm));
      expect(result).toEqual(refusal('malformed'));
    }
  });

  it('[AUT-1] refuses HS256 signed with public key text (A-02)', async () => {
    const { publicPems } = tokens;
    const texts = [...Object.values(publicPems), publicPems.RS256.trim(), JSON.stringify(tokens.jwk('RS256'))];
    for (const text of texts) {
      const forged = tokens.signWithText(text, { role: 'admin' }, { kid: 'key-RS256' });
      for (const keys of [sources.RS256, sources.ES256, sources.EdDSA, jwkSetKeys(tokens.jwkSet())]) {
        expect(await authenticator(keys).authenticate(forged)).toEqual(refusal('unknown_key'));
      }
    }
  });

  it('[AUT-1] accepts each algorithm with its own key only', async () => {
    for (const signed of TOKEN_ALGORITHMS) {
      for (const held of TOKEN_ALGORITHMS) {
        const result = await authenticator(sources[held]).authenticate(tokens.sign(signed));
        expect(result.ok).toBe(signed === held);
      }
    }
  });

  it('[AUT-1] refuses an algorithm that configuration does not allow, though the key fits', async () => {
    const result = await authenticator(sources.HS256, { algorithms: ['RS256'] }).authenticate(tokens.sign('HS256'));
    expect(result).toEqual(refusal('wrong_algorithm'));
  });

  it('[AUT-1] refuses a token signed with other keys of the same types (A-09)', async () => {
    const foreign = createTokens(() => nowMs);
    for (const algorithm of TOKEN_ALGORITHMS) {
      const result = await authenticator(sources[algorithm]).authenticate(foreign.sign(algorithm));
      expect(result).toEqual(refusal('wrong_signature'));
    }
  });

  it.each([
    { kid: '../../etc/passwd' },
    { kid: "' OR 1=1 --" },
    { kid: 'key-RS256\0' },
    { kid: '*' },
    { kid: 'https://evil.example/jwks' },
    { kid: '__proto__' },
    { kid: 'constructor' },
    { kid: '' },
  ])('[AUT-1] takes kid as nothing but a key of its map: $kid (A-03)', async ({ kid }) => {
    const token = tokens.sign('RS256', {}, { kid });
    expect(await authenticator(jwkSetKeys(tokens.jwkSet())).authenticate(token)).toEqual(refusal('unknown_key'));
  });

  it('[AUT-1] refuses a kid over 128 bytes, and one that is no text (A-03)', async () => {
    for (const kid of ['k'.repeat(129), 'é'.repeat(65), 7, null, ['a'], {}]) {
      expect(await shared.authenticate(tokens.sign('HS256', {}, { kid }))).toEqual(refusal('malformed_kid'));
    }
    expect(await shared.authenticate(tokens.sign('HS256', {}, { kid: 'k'.repeat(128) }))).toMatchObject({ ok: true });
  });

  it('[AUT-1] answers UNAVAILABLE when there are no keys to check with', async () => {
    const none = authenticator({ find: () => ({ ok: false, reason: 'keys_unavailable' }) });
    expect(await none.authenticate(tokens.sign('HS256'))).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  });

  it('[AUT-1] refuses when a key source breaks its word and throws', async () => {
    const broken = authenticator({ find: () => Promise.reject(new Error('secret detail')) });
    expect(await broken.authenticate(tokens.sign('HS256'))).toEqual(refusal('malformed'));
  });
});

describe('headers that bring their own trust', () => {
  it.each([
    { jku: 'http://127.0.0.1:9/jwks' },
    { x5u: 'http://127.0.0.1:9/cert' },
    { jwk: { kty: 'oct', k: 'AAAA' } },
    { x5c: ['MIIB'] },
    { crit: ['exp'] },
    { crit: [] },
    { b64: false, crit: ['b64'] },
    { b64: true },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
    { epk: {} },
    { cty: 'JWT' },
  ])('[AUT-1] refuses %j without following it (A-04)', async (header) => {
    expect(await shared.authenticate(tokens.sign('HS256', {}, header))).toEqual(refusal('refused_header'));
  });

  it('[AUT-1] refuses an encrypted and a nested token (A-04)', async () => {
    const inner = tokens.sign('HS256');
    const part = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url');
    expect(await shared.authenticate(`${part}..AAAA.AAAA.AAAA`)).toEqual(refusal('malformed'));
    const nested = tokens.signRaw('HS256', '{"alg":"HS256"}', inner);
    expect(await shared.authenticate(nested)).toEqual(refusal('malformed'));
  });

  it.each(['ID', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', '', 1, null])(
    '[AUT-2] refuses typ %j (A-06)',
    async (typ) => {
      expect(await shared.authenticate(tokens.sign('HS256', {}, { typ }))).toEqual(refusal('wrong_type'));
    },
  );
});

describe('times', () => {
  it.each([undefined, '1900000000', null, true, {}, [], 1e300, -1e300, Number.MAX_VALUE])(
    '[AUT-2] refuses exp %j (A-05)',
    async (exp) => {
      expect((await withClaims({ exp })).ok).toBe(false);
    },
  );

  it('[AUT-2] refuses numbers that overflow (A-05)', async () => {
    const claims = `{"sub":"u","tenant_id":"acme","exp":1e400}`;
    const token = tokens.signRaw('HS256', '{"alg":"HS256"}', claims);
    expect(await shared.authenticate(token)).toEqual(refusal('malformed_exp'));
  });

  it('[AUT-2, PRT-6] lets a token live exactly until exp, fractions included', async () => {
    const at = nowMs / 1_000;
    expect(await withClaims({ exp: at + 0.002 })).toMatchObject({ ok: true });
    for (const exp of [at, at - 0.5, at - 29, at - 31, 0, -5]) expect(await withClaims({ exp })).toEqual(expired);
  });

  it.each(['nbf', 'iat'])('[AUT-2] gives %s 30 s for clocks that differ (A-05)', async (claim) => {
    expect(await withClaims({ [claim]: nowS + 29 })).toMatchObject({ ok: true });
    expect(await withClaims({ [claim]: nowS + 32 })).toEqual(refusal(`wrong_${claim}`));
    expect(await withClaims({ [claim]: 'soon' })).toEqual(refusal(`wrong_${claim}`));
  });

  it('[AUT-2] tells nobody but the holder of a good signature that a token has expired', async () => {
    const foreign = createTokens(() => nowMs).sign('HS256', { exp: nowS - 60 });
    expect(await shared.authenticate(foreign)).toEqual(refusal('wrong_signature'));
  });
});

describe('issuer and audience', () => {
  const demands = { issuer: 'https://id.example.com/', audience: 'arqonbus' };
  const good = { iss: 'https://id.example.com/', aud: 'arqonbus' };

  it('[AUT-2] accepts the demanded ones, also in a list of audiences', async () => {
    expect(await withClaims(good, demands)).toMatchObject({ ok: true });
    expect(await withClaims({ ...good, aud: ['billing', 'arqonbus'] }, demands)).toMatchObject({ ok: true });
  });

  it.each([
    undefined,
    'https://id.example.com',
    'https://ID.example.com/',
    'http://id.example.com/',
    null,
    1,
    [good.iss],
  ])('[AUT-2] refuses iss %j (A-06)', async (iss) => {
    expect(await withClaims({ ...good, iss }, demands)).toEqual(refusal('wrong_iss'));
  });

  it.each([undefined, 'arqonbus2', 'ARQONBUS', [], ['other'], null, { arqonbus: true }])(
    '[AUT-2] refuses aud %j (A-06)',
    async (aud) => {
      expect(await withClaims({ ...good, aud }, demands)).toEqual(refusal('wrong_aud'));
    },
  );

  it('[AUT-2] asks for neither when none is configured', async () => {
    expect(await withClaims({ iss: 'anybody', aud: 'anything' })).toMatchObject({ ok: true });
  });
});
