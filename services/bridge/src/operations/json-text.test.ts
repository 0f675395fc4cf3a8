import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitList, withMembers } from './json-text.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

describe('members before those of an object', () => {
  it.each([
    ['{"a":1}', '{"type":"event","a":1}'],
    ['  {  }', '{"type":"event"  }'],
    ['{}', '{"type":"event"}'],
    ['{"n":12345678901234567890}', '{"type":"event","n":12345678901234567890}'],
  ])('[BRG-1] are written into %s', (object, expected) => {
    expect(text(withMembers(bytes(object), { type: 'event' }))).toBe(expected);
  });

  it('[BRG-1] are none where there are none', () => {
    expect(JSON.parse(text(withMembers(bytes(' {"a":1}'), {})))).toEqual({ a: 1 });
  });

  it.each(['', '[]', '7', '"{}"', 'null'])('[PRT-10] are refused for %j, which is no object', (value) => {
    expect(() => withMembers(bytes(value), { type: 'event' })).toThrow('must be a JSON object');
  });
});

describe('a list', () => {
  it('[BRG-1] is cut into its elements, whatever they hold (property)', () => {
    const elements = fc.array(fc.jsonValue(), { maxLength: 8 });
    fc.assert(
      fc.property(elements, fc.constantFrom(0, 2), (values, indent) => {
        const cut = splitList(bytes(JSON.stringify(values, undefined, indent)));
        expect(cut.map((element) => JSON.parse(text(element)) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('[BRG-1] keeps the texts of its numbers', () => {
    expect(splitList(bytes('[12345678901234567890, 1.0]')).map(text)).toEqual(['12345678901234567890', ' 1.0']);
  });

  it.each(['', '{}', '[1', '[1] 2', '[,]', '"[1]"'])('[PRT-10] is refused where it is %j', (value) => {
    expect(() => splitList(bytes(value))).toThrow('must be a JSON list');
  });

  it('[PRT-10] is refused where it is no UTF-8', () => {
    expect(() => splitList(Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d))).toThrow('must be a JSON list');
  });
});
