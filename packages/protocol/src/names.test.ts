import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMessageId, isName, isPrintable, isPrivateTarget, isUserId, parseTarget } from './names.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'aZ09_.-:* é\u0000'.split('')), maxLength: 90 }),
);

describe('names', () => {
  it('[PRT-8] names follow their grammar', () => {
    fc.assert(fc.property(anyText, (text) => isName(text) === /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?![\s\S])/.test(text)));
    for (const name of ['a', '0', 'a'.repeat(64), 'A.b_c-d', 'constructor']) expect(isName(name)).toBe(true);
    for (const name of [
      '',
      '.',
      '-a',
      '_a',
      '__proto__',
      'a'.repeat(65),
      'a b',
      'a/b',
      'a:b',
      'a*',
      'é',
      'a\n',
      'a\u0000',
      'a\u202e',
      'ａ',
    ]) {
      expect(isName(name)).toBe(false);
    }
  });

  it('[PRT-8] message ids follow their grammar', () => {
    fc.assert(
      fc.property(anyText, (text) => isMessageId(`arq_${text}`) === /^[A-Za-z0-9_-]{6,80}(?![\s\S])/.test(text)),
    );
    for (const id of ['', 'arq_', 'arq_12345', 'ARQ_123456', 'xxx_123456', `arq_${'a'.repeat(81)}`, 'arq_123.456']) {
      expect(isMessageId(id)).toBe(false);
    }
  });

  it('[SPN-7] users are 1 to 255 printable bytes', () => {
    for (const user of ['a', 'alice@example.com', 'auth0|5f7c', 'two words', '~'.repeat(255)])
      expect(isUserId(user)).toBe(true);
    for (const user of ['', 'a'.repeat(256), 'a\n', '\u0000', 'é', '\u007f']) expect(isUserId(user)).toBe(false);
    expect(isPrintable('')).toBe(true);
  });

  it('[PRT-17] targets are client ids and users', () => {
    for (const target of ['shield-1_abc', 'user:alice', 'user:a b']) expect(isPrivateTarget(target)).toBe(true);
    for (const target of ['', 'user:', 'room:lobby', 'a b', '*', 'user:\n'])
      expect(isPrivateTarget(target)).toBe(false);
  });
});

describe('parseTarget', () => {
  it.each([
    ['lobby', 'general', 'lobby', 'general'],
    ['lobby', '*', 'lobby', '*'],
    ['lobby:general', '', 'lobby', 'general'],
    ['lobby:*', '', 'lobby', '*'],
    ['lobby:general', 'general', 'lobby', 'general'],
  ])('[PRT-8] reads %s and %s', (room, channel, expectedRoom, expectedChannel) => {
    expect(parseTarget(room, channel)).toEqual({ room: expectedRoom, channel: expectedChannel });
  });

  it.each([
    ['', ''],
    ['lobby', ''],
    ['', 'general'],
    ['*', 'general'],
    ['lobby:general', 'other'],
    ['lobby:', ''],
    [':general', ''],
    ['a:b:c', ''],
    ['a b', 'c'],
    ['a', 'b*'],
    ['a.*', 'b'],
    ['__proto__', 'b'],
  ])('[PRT-8] refuses %j and %j', (room, channel) => {
    expect(parseTarget(room, channel)).toBeUndefined();
  });
});
