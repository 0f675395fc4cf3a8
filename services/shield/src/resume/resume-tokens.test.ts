import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { resumeKeysOf } from './resume-keys.ts';
import { createResumeTokens } from './resume-tokens.ts';

const content = {
  tenant: 'acme',
  user: 'auth0|5f7c8ec7 ✓',
  clientId: 'n0a1b2c3d4e5f_00000000000000000001',
  generation: 3,
  holder: 'n0a1b2c3d4e5f',
  joinedAtMs: 1_772_357_400_000n,
  issuedAtMs: 1_772_357_400_123n,
};

const logKey = { idKey: 'f3b1c0d2e4a59687f3b1c0d2e4a59687' } as const;

function tokensOf(key: string, otherKey = '', idKey = '', otherIdKey = '') {
  return createResumeTokens(
    resumeKeysOf({ resume: { windowMs: 1, key, otherKey }, log: { ...logKey, idKey, otherIdKey } as never }),
  );
}

describe('resume tokens', () => {
  it('[PRT-7] hold what was sealed, show none of it, and are never the same twice', () => {
    const tokens = tokensOf('a'.repeat(32));
    const [one, two] = [tokens.seal(content), tokens.seal(content)];
    expect(tokens.open(one)).toMatchObject(content);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('acme');
    const longest = { ...content, tenant: 't'.repeat(64), user: 'u'.repeat(255), clientId: 'c'.repeat(64) };
    expect(tokens.seal(longest).length).toBeLessThan(1_024);
  });

  it('[PRT-7] are refused with any bit changed, at any length but their own, and as anything else', () => {
    const tokens = tokensOf('a'.repeat(32));
    const bytes = Buffer.from(tokens.seal(content), 'base64url');
    for (const index of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(tokens.open(changed.toString('base64url'))).toBeUndefined();
      expect(tokens.open(bytes.subarray(0, index).toString('base64url'))).toBeUndefined();
    }
    for (const text of ['', 'x', '🚀', 'null', randomBytes(200).toString('base64url')]) {
      expect(tokens.open(text)).toBeUndefined();
    }
  });

  it('[PRT-7] hold where the key is the same: of its own, or made of the one of the log', () => {
    const sealed = tokensOf('', '', logKey.idKey).seal(content);
    expect(tokensOf('', '', logKey.idKey).open(sealed)).toMatchObject(content);
    expect(tokensOf(logKey.idKey).open(sealed)).toMatchObject(content);
    expect(tokensOf('b'.repeat(32), '', logKey.idKey).open(sealed)).toBeUndefined();
    // Without any secret each process has a key of its own.
    expect(tokensOf('').open(tokensOf('').seal(content))).toBeUndefined();
  });

  it('[PRT-7] hold while a key is being replaced: sealed with either, taken with both', () => {
    const [before, after] = ['a'.repeat(32), 'b'.repeat(32)];
    const [old, next] = [tokensOf(before, after), tokensOf(after, before)];
    expect(next.open(old.seal(content))).toMatchObject(content);
    expect(old.open(next.seal(content))).toMatchObject(content);
    expect(tokensOf(after).open(old.seal(content))).toBeUndefined();
  });

  it('[PRT-7] [LOG-5] hold while the key of the log is being replaced, where theirs is made of it', () => {
    const [before, after] = ['a'.repeat(32), 'b'.repeat(32)];
    const [old, next] = [tokensOf('', '', before, after), tokensOf('', '', after, before)];
    expect(next.open(old.seal(content))).toMatchObject(content);
    expect(old.open(next.seal(content))).toMatchObject(content);
    expect(tokensOf('c'.repeat(32), '', after, before).open(old.seal(content))).toBeUndefined();
  });
});
