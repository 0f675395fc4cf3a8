import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BusError } from '@arqonbus/protocol';
import { createTokens } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import { jwkSetKeys } from './jwk-set-keys.ts';
import { TOKEN_ALGORITHMS } from './key-source.ts';
import { pemKey } from './pem-key.ts';
import { publicKeyAlgorithm } from './public-key-algorithm.ts';
import { secretKey } from './secret-key.ts';

const tokens = createTokens();
const publicAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

const small = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const unsupported = {
  'RSA of 1,024 bits': small.publicKey,
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  Ed448: generateKeyPairSync('ed448').publicKey,
  X25519: generateKeyPairSync('x25519').publicKey,
};

describe('a shared secret', () => {
  it('[AUT-1] serves HS256 alone, whatever the kid', () => {
    const keys = secretKey(tokens.secret);
    expect(keys.find('HS256', undefined)).toMatchObject({ ok: true });
    expect(keys.find('HS256', 'any')).toMatchObject({ ok: true });
    for (const algorithm of publicAlgorithms) expect(keys.find(algorithm, undefined)).toMatchObject({ ok: false });
  });

  it('[AUT-1] counts bytes, not characters', () => {
    expect(() => secretKey('s'.repeat(31))).toThrow(BusError);
    expect(() => secretKey('é'.repeat(15))).toThrow(BusError);
    expect(secretKey('é'.repeat(16)).find('HS256', undefined)).toMatchObject({ ok: true });
    expect(secretKey(new Uint8Array(32).fill(7)).find('HS256', undefined)).toMatchObject({ ok: true });
  });

  it('[AUT-1] is never the text of a public key (A-02)', () => {
    const texts = [...Object.values(tokens.publicPems), tokens.jwkSet(), JSON.stringify(tokens.jwk('RS256'))];
    for (const text of [...texts, `ssh-ed25519 ${'A'.repeat(68)}`]) {
      expect(() => secretKey(text)).toThrow('key file');
      expect(() => secretKey(Buffer.from(text))).toThrow('key file');
    }
  });

  it('[AUT-1] does not stand in the error that refuses it', () => {
    expect(() => secretKey('hunter2-short')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

describe('a public key in PEM', () => {
  it.each(publicAlgorithms)('[AUT-1] serves %s alone', (algorithm) => {
    const keys = pemKey(tokens.publicPems[algorithm]);
    for (const asked of TOKEN_ALGORITHMS) expect(keys.find(asked, 'any')).toMatchObject({ ok: asked === algorithm });
  });

  it('[AUT-1] is refused for an algorithm that is not its own', () => {
    expect(() => pemKey(tokens.publicPems.RS256, 'ES256')).toThrow('for RS256');
    expect(() => pemKey(tokens.publicPems.EdDSA, 'RS256')).toThrow('for EdDSA');
  });

  it.each(Object.entries(unsupported))('[AUT-1] is refused when it is %s', (_, key) => {
    expect(() => pemKey(spki(key))).toThrow('unsupported');
  });

  it('[AUT-1] is refused when it is private, or no key', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => pemKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow('public key');
    for (const text of ['', 'x', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', tokens.secret]) {
      expect(() => pemKey(text)).toThrow(BusError);
    }
  });

  it('[AUT-1] is told from secrets and private keys', () => {
    expect(publicKeyAlgorithm(createSecretKey(Buffer.alloc(32)))).toBeUndefined();
    expect(publicKeyAlgorithm(small.privateKey)).toBeUndefined();
  });
});

describe('a JWK set', () => {
  it('[AUT-1] finds keys by kid and algorithm together', () => {
    const keys = jwkSetKeys(tokens.jwkSet());
    for (const algorithm of publicAlgorithms) {
      for (const named of publicAlgorithms) {
        expect(keys.find(algorithm, `key-${named}`)).toMatchObject({ ok: algorithm === named });
      }
    }
    expect(keys.find('HS256', 'key-RS256')).toMatchObject({ ok: false });
  });

  it('[AUT-1] demands a kid of tokens when it holds several keys', () => {
    expect(jwkSetKeys(tokens.jwkSet()).find('RS256', undefined)).toEqual({ ok: false, reason: 'kid_required' });
    const single = jwkSetKeys(tokens.jwkSet([tokens.jwk('ES256')]));
    expect(single.find('ES256', undefined)).toMatchObject({ ok: true });
    expect(single.find('RS256', undefined)).toEqual({ ok: false, reason: 'unknown_key' });
    expect(single.find('ES256', 'other')).toEqual({ ok: false, reason: 'unknown_key' });
  });

  it('[AUT-1] passes over keys that are for something else', () => {
    const rsa = tokens.jwk('RS256', 'rsa');
    const others = [
      { ...rsa, kid: 'enc', use: 'enc' },
      { ...rsa, kid: 'ps', alg: 'PS256' },
      { ...rsa, kid: 'ops', key_ops: ['encrypt'] },
      { ...rsa, kid: 'odd', key_ops: 'verify' },
      { kty: 'oct', kid: 'shared', k: Buffer.from(tokens.secret).toString('base64url'), alg: 'HS256' },
      { kty: 'AKP', kid: 'future', alg: 'ML-DSA-44', pub: 'AAAA' },
      { kid: 'empty' },
      { ...small.publicKey.export({ format: 'jwk' }), kid: 'small' },
    ];
    const keys = jwkSetKeys(tokens.jwkSet([...others, rsa]));
    for (const { kid } of others) {
      for (const algorithm of TOKEN_ALGORITHMS) expect(keys.find(algorithm, kid)).toMatchObject({ ok: false });
    }
    expect(keys.find('RS256', undefined)).toMatchObject({ ok: true });
  });

  it('[AUT-1] takes a key that is for verifying, and one that says nothing about itself', () => {
    const { alg: _alg, use: _use, ...plain } = tokens.jwk('EdDSA', 'plain');
    const verifying = { ...tokens.jwk('ES256', 'ops'), key_ops: ['verify'] };
    const { kid: _kid, ...nameless } = tokens.jwk('RS256');
    const keys = jwkSetKeys(tokens.jwkSet([plain, verifying, nameless]));
    expect(keys.find('RS256', 'undefined')).toMatchObject({ ok: false });
    expect(keys.find('EdDSA', 'plain')).toMatchObject({ ok: true });
    expect(keys.find('ES256', 'ops')).toMatchObject({ ok: true });
  });

  it('[AUT-1] is refused whole when it holds a private key, or two keys of one kid', () => {
    const privateJwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    expect(() => jwkSetKeys(tokens.jwkSet([tokens.jwk('RS256'), privateJwk]))).toThrow('private key');
    expect(() => jwkSetKeys(tokens.jwkSet([tokens.jwk('RS256', 'a'), tokens.jwk('RS256', 'a')]))).toThrow(
      'share a kid',
    );
    expect(
      jwkSetKeys(tokens.jwkSet([tokens.jwk('RS256', 'a'), tokens.jwk('ES256', 'a')])).find('ES256', 'a').constructor,
    ).toBe(Object);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{}',
    '{"keys":{}}',
    '{"keys":[]}',
    '{"keys":[null]}',
    '{"keys":[{}]}',
    '<!doctype html>',
  ])('[AUT-1] is refused when its text is %j', (json) => {
    expect(() => jwkSetKeys(json)).toThrow(BusError);
  });
});
