import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.ts';
import { memberJson } from './member-json.ts';

const encoder = new TextEncoder();
const member = (object: string, name: string): string | undefined => {
  const found = memberJson(encoder.encode(object), name, DEFAULT_LIMITS);
  return found && new TextDecoder().decode(found);
};

describe('memberJson', () => {
  it.each([
    ['{"key":"a","value":9223372036854775807}', '9223372036854775807'],
    [' { "value" : {"a": 1.0, "value": [2]} , "key":"a"}', '{"a": 1.0, "value": [2]}'],
    ['{"\\u0076alue":"ün\\u0000\u{1f680}"}', '"ün\\u0000\u{1f680}"'],
    ['{"value":null}', 'null'],
    ['{"other":{"value":1}}', undefined],
    ['{}', undefined],
  ])('[PRT-11] [STO-1] gives the value of %s as it is written', (object, value) => {
    expect(member(object, 'value')).toBe(value);
  });
});
