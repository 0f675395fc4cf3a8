import { createTokens } from '@arqonbus/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthResult } from '../authenticator.ts';
import { secretKey } from '../keys/secret-key.ts';
import { createJwtAuthenticator, MAX_TOKEN_BYTES } from './jwt-authenticator.ts';

const nowMs = Date.parse('2026-03-14T09:26:53.589Z');
const nowS = Math.floor(nowMs / 1_000);
const tokens = createTokens(() => nowMs);
const shared = createJwtAuthenticator({ keys: secretKey(tokens.secret), algorithms: ['HS256'], now: () => nowMs });

function refusal(reason: string): AuthResult {
  return { ok: false, code: 'AUTHENTICATION_FAILED', reason };
}

describe('hostile bytes', () => {
  it('[AUT-1] refuses a token over 16 KiB without reading it (A-07)', async () => {
    const large = tokens.sign('HS256', { padding: 'x'.repeat(MAX_TOKEN_BYTES) });
    expect(await shared.authenticate(large)).toEqual(refusal('too_long'));
    const startedAt = performance.now();
    for (const text of ['a'.repeat(1_048_576), '.'.repeat(100_000)]) await shared.authenticate(text);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('[AUT-2] refuses claims and headers that name a key twice (A-07)', async () => {
    const good = `"sub":"u","exp":${nowS + 60}`;
    const doubled = [
      `{${good},"tenant_id":"acme","tenant_id":"globex"}`,
      `{${good},"tenant_id":"acme","ten\\u0061nt_id":"globex"}`,
      `{${good},"tenant_id":"acme","x":[{"a":1,"a":2}]}`,
    ];
    for (const claims of doubled) {
      const token = tokens.signRaw('HS256', '{"alg":"HS256"}', claims);
      expect(await shared.authenticate(token)).toEqual(refusal('malformed_claims'));
    }
    const header = tokens.signRaw('HS256', '{"alg":"none","alg":"HS256"}', `{${good},"tenant_id":"acme"}`);
    expect(await shared.authenticate(header)).toEqual(refusal('malformed_header'));
  });

  it.each([
    '',
    '.',
    '..',
    '...',
    'a',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    'e30.e30.',
    'e30.e30.e30',
    'ünï.côd.é',
    'bnVsbA.e30.e30',
  ])('[AUT-1] refuses %j', async (token) => {
    expect(await shared.authenticate(token)).toMatchObject({ ok: false, code: 'AUTHENTICATION_FAILED' });
  });

  it.each(['null', '[]', '"text"', '7', '{', '', '\u0000'])('[AUT-2] refuses the claims %j', async (claims) => {
    expect(await shared.authenticate(tokens.signRaw('HS256', '{"alg":"HS256"}', claims))).toEqual(refusal('malformed'));
  });

  it('[AUT-1] never throws and never accepts, whatever the text (property)', async () => {
    const part = fc.oneof(fc.base64String(), fc.json(), fc.string({ unit: 'binary' }));
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await shared.authenticate(token)).toMatchObject({ ok: false });
      }),
    );
  });

  it('[AUT-1] refuses a good token with any one character changed (property)', async () => {
    const good = tokens.sign('HS256');
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_. =\0';
    // The last character of a signature holds two bits that decoders ignore.
    const change = fc.tuple(fc.nat(good.length - 2), fc.constantFrom(...characters.split('')));
    await fc.assert(
      fc.asyncProperty(change, async ([at, character]) => {
        fc.pre(good[at] !== character);
        const changed = good.slice(0, at) + character + good.slice(at + 1);
        expect(await shared.authenticate(changed)).toMatchObject({ ok: false });
      }),
    );
  });
});
