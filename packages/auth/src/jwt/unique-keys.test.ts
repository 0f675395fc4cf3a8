import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasUniqueKeys } from './unique-keys.ts';

describe('[AUT-2] duplicate keys of JSON', () => {
  it.each([
    '{"a":1,"a":2}',
    '{ "a" : {} , "b":1, "a" : [] }',
    '{"a":{"b":1,"c":[],"b":2}}',
    '[{"x":1},{"y":[{"z":1,"z":1}]}]',
    String.raw`{"\u0061":1,"a":2}`,
    String.raw`{"\"":1,"\u0022":2}`,
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('are found in %s', (json) => {
    expect(hasUniqueKeys(json)).toBe(false);
  });

  it.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '["a","a"]',
    '[{"a":1},{"a":1}]',
    '{"a":["b","b"],"b":1}',
    String.raw`{"a":"\",\"a\":","b":"\\"}`,
    '{"A":1,"a":2}',
    '"a"',
    '{}',
  ])('are not seen in %s', (json) => {
    expect(hasUniqueKeys(json)).toBe(true);
  });

  it('are in no text that a serializer wrote (property)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        expect(hasUniqueKeys(JSON.stringify(value, null, indent))).toBe(true);
      }),
    );
  });

  it('are found wherever they are added (property)', () => {
    const pair = fc.tuple(fc.string(), fc.jsonValue(), fc.jsonValue());
    fc.assert(
      fc.property(pair, fc.dictionary(fc.string(), fc.jsonValue()), ([key, one, two], others) => {
        const rest = Object.entries({ ...others, [key]: one });
        const members = [...rest, [key, two] as const].map(
          ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
        );
        expect(hasUniqueKeys(`{${members.join(',')}}`)).toBe(false);
      }),
    );
  });
});
