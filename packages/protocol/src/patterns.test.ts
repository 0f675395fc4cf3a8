import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './patterns.ts';

function isMatch(glob: string, room: string, channel: string): boolean | undefined {
  return compilePattern(glob)?.(room, channel);
}

describe('compilePattern', () => {
  it.each([
    ['*', 'lobby', 'general'],
    ['*:*', 'lobby', '*'],
    ['lobby', 'lobby', 'general'],
    ['lobby', 'lobby', '*'],
    ['lobby:*', 'lobby', '*'],
    ['lobby:general', 'lobby', 'general'],
    ['lob*:gen*', 'lobby', 'general'],
    ['*bby:*ral', 'lobby', 'general'],
    ['l*b*y:g**l', 'lobby', 'general'],
    ['a*a:x', 'aa', 'x'],
    ['team.*.eu:*', 'team.red.eu', 'x'],
  ])('[PRM-5] %s means %s:%s', (glob, room, channel) => {
    expect(isMatch(glob, room, channel)).toBe(true);
  });

  it.each([
    ['lobby', 'lobby2', 'general'],
    ['lobby:general', 'lobby', '*'],
    ['lobby:general', 'lobby', 'General'],
    ['a*a:x', 'a', 'x'],
    ['ab*ba:x', 'aba', 'x'],
    ['a*b*c:x', 'acb', 'x'],
    ['a.c:x', 'abc', 'x'],
    ['*b*:x', 'aac', 'x'],
    ['*ab*b:x', 'ab', 'x'],
  ])('[PRM-5] %s does not mean %s:%s', (glob, room, channel) => {
    expect(isMatch(glob, room, channel)).toBe(false);
  });

  it.each(['', ':', 'a:', ':a', 'a:b:c', 'a b', '(a+)+', 'a|b', '[a]', 'é', 'a'.repeat(129), 'a?', '^a$'])(
    '[PRM-5] refuses %j',
    (glob) => {
      expect(compilePattern(glob)).toBeUndefined();
    },
  );

  it('[PRM-5] agrees with the plain meaning of the star', () => {
    const part = fc.string({ unit: fc.constantFrom(...'ab*'.split('')), minLength: 1, maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom(...'ab'.split('')), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(part, name, (glob, text) => {
        expect(isMatch(glob, text, 'x')).toBe(new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('[PRM-5] takes no time for the globs that backtracking falls for', () => {
    const predicate = compilePattern(`${'*a'.repeat(60)}*b:*`);
    const start = performance.now();
    for (let i = 0; i < 1_000; i++) expect(predicate?.('a'.repeat(64), 'x')).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
