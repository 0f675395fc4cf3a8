import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from './match-filter.ts';
import type { Subject, SubjectFilter } from './subject.ts';

const cases: readonly (readonly [filter: string, subject: string, matches: boolean])[] = [
  ['arqon.out.*._client.n1.>', 'arqon.out.acme._client.n1.n1_a', true],
  ['arqon.out.*._client.n1.>', 'arqon.out.acme._client.n1', false],
  ['arqon.out.*._client.n1.>', 'arqon.out.acme._client.n10.n10_a', false],
  ['arqon.out.*._client.n1.>', 'arqon.out.acme.eu._client.n1.n1_a', false],
  ['arqon.out.*', 'arqon.out.acme', true],
  ['arqon.out.*', 'arqon.out.acme.x', false],
  ['arqon.out.*', 'arqon.out', false],
  ['arqon.out.>', 'arqon.out.a.b.c', true],
  ['arqon.ctl.drain', 'arqon.ctl.drain', true],
  ['arqon.ctl.drain', 'arqon.ctl.drains', false],
  ['arqon.ctl.drain', 'arqon.ctl', false],
  ['>', 'arqon', true],
];

describe('matchesFilter', () => {
  it.each(cases)('[SPN-1] %s and %s: %s', (filter, subject, matches) => {
    expect(matchesFilter(filter as SubjectFilter, subject as Subject)).toBe(matches);
  });

  it('[SPN-1] agrees with the rule as it is written', () => {
    const token = fc.constantFrom('a', 'b', 'ab');
    const subject = fc.array(token, { minLength: 1, maxLength: 5 });
    const filter = fc.tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 5 }), fc.boolean());
    fc.assert(
      fc.property(subject, filter, (subjectTokens, [filterTokens, isOpen]) => {
        const tokens = isOpen ? [...filterTokens, '>'] : filterTokens;
        const actual = matchesFilter(tokens.join('.') as SubjectFilter, subjectTokens.join('.') as Subject);
        expect(actual).toBe(matchesByTokens(tokens, subjectTokens));
      }),
    );
  });
});

function matchesByTokens([first, ...rest]: readonly string[], [token, ...others]: readonly string[]): boolean {
  if (first === undefined || token === undefined) return first === token;
  if (first === '>') return true;
  return (first === '*' || first === token) && matchesByTokens(rest, others);
}
