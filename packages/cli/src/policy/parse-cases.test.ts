import { describe, expect, it } from 'vitest';
import { parseCases } from './parse-cases.ts';

describe('the cases of a policy', () => {
  it('[WSM-7] have a payload and what is expected, and may have a name and a context', () => {
    const cases = [
      { payload: null, expect: { verdict: 'allow' } },
      { name: 'masked', payload: { a: 1 }, context: { room: 'lab' }, expect: { verdict: 'change', payload: {} } },
    ];
    expect(parseCases(JSON.stringify(cases))).toEqual([{ name: 'case 1', context: {}, ...cases[0] }, cases[1]]);
  });

  it.each([
    ['the cases must be a JSON array', {}],
    ['the cases must be a JSON array', []],
    ['case 1 is no object', [1]],
    ['case 1 has no payload', [{ expect: { verdict: 'allow' } }]],
    [
      'case 2 expects no verdict',
      [
        { payload: 1, expect: { verdict: 'allow' } },
        { payload: 1, expect: {} },
      ],
    ],
    ['case 1 has an unknown member expected', [{ payload: 1, expected: {}, expect: { verdict: 'allow' } }]],
    ['case 1 has a name that is no text', [{ name: 1, payload: 1, expect: { verdict: 'allow' } }]],
    ['case 1 has a context that is no object', [{ context: 1, payload: 1, expect: { verdict: 'allow' } }]],
  ])('[WSM-7] are refused where %s', (problem, cases) => {
    expect(() => parseCases(JSON.stringify(cases))).toThrow(problem);
  });
});
