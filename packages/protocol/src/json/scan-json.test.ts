import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.ts';
import { scanJson } from './scan-json.ts';
import { scanProblems } from './scan-limits.ts';
import type { ScanProblem } from './scan-limits.ts';

const encoder = new TextEncoder();

function scan(text: string | Uint8Array, limits = DEFAULT_LIMITS): ScanProblem | undefined {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  return scanJson(bytes, 0, bytes.length, limits);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('scanJson, beside JSON.parse', () => {
  it.each([
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1',
    '-1.5',
    '1e5',
    '1E+5',
    '0.1e-20',
    '123456789012345678901234567890',
    '""',
    '"a"',
    '"\\u0041\\n\\/\\"\\\\\\b\\f\\r\\t"',
    '"\\ud83d\\ude00"',
    '"👩‍🚀"',
    '"\u007f\u2028"',
    '[]',
    '{}',
    '[ ]',
    '{ }',
    ' \t\r\n[1 , 2]\n',
    '{"a":1,"b":[{"a":1}]}',
    '{"":1}',
    '[[],{},"",0,null]',
    '1e-999',
    '0e99999999999',
    '1.7976931348623157e308',
    `0.${'0'.repeat(400)}1`,
  ])('[PRT-8] accepts %s', (text) => {
    expect(isJson(text)).toBe(true);
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    '',
    ' ',
    'nul',
    'nulll',
    'True',
    'tru',
    'falsy',
    'undefined',
    'NaN',
    'Infinity',
    '-',
    '+1',
    '01',
    '-01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '1.e5',
    '0x10',
    '1_000',
    "'a'",
    '"',
    '"a',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\u123',
    '"\t"',
    '"\n"',
    '"\u0000"',
    '[',
    ']',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{',
    '}',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    '{"a" 1}',
    '{1:1}',
    '{"a":1 "b":2}',
    '{"a"}',
    '[1}',
    '{"a":1]',
    '[]]',
    '{}{}',
    '1 2',
    'null,',
    '\ufeff1',
    '\u00a01',
    '/**/1',
    '1//',
    '\v1',
    '\f1',
    '[\u00a0]',
  ])('[PRT-8] refuses %j as JSON.parse does', (text) => {
    expect(isJson(text)).toBe(false);
    expect(scan(text)?.problem).toBe(scanProblems.syntax);
  });

  it('[PRT-8] accepts nothing that JSON.parse refuses, and refuses more only for its own reasons', () => {
    const own: readonly string[] = Object.values(scanProblems).filter((text) => text !== scanProblems.syntax);
    const texts = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0d8e1-+.tfn \n'.split('')), maxLength: 30 }),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 }), fc.nat(3)).map(([text, at, insert, cut]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(place + cut);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const problem = scan(text)?.problem;
        const expected = isJson(text) ? [undefined, ...own] : Object.values(scanProblems);
        expect(expected).toContain(problem);
      }),
      { numRuns: 5_000 },
    );
  });

  it('[PRT-8] a clean value is accepted wherever it lies in the bytes', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.uint8Array({ maxLength: 8 }),
        fc.uint8Array({ maxLength: 8 }),
        (text, before, after) => {
          const value = encoder.encode(text);
          const bytes = Uint8Array.from([...before, ...value, ...after]);
          const end = before.length + value.length;
          expect(scanJson(bytes, before.length, end, DEFAULT_LIMITS)).toEqual(scan(text));
        },
      ),
    );
  });

  it('[PRT-8] never reads past the end it was given', () => {
    const bytes = encoder.encode('{"key":[1,true,"\\ud83d\\ude00 text",1.5e3]}');
    for (let end = 0; end < bytes.length; end++) {
      expect(scanJson(bytes, 0, end, DEFAULT_LIMITS)).toBeDefined();
    }
  });
});

describe('scanJson, UTF-8', () => {
  it('[P-18] agrees with TextDecoder on what is well-formed', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const edges = fc.constantFrom(
      0x20,
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    );
    fc.assert(
      fc.property(fc.array(edges, { maxLength: 6 }), (inside) => {
        const bytes = Uint8Array.from([0x22, ...inside, 0x22]);
        let isWellFormed = true;
        try {
          decoder.decode(bytes);
        } catch {
          isWellFormed = false;
        }
        expect(scan(bytes)?.problem).toBe(isWellFormed ? undefined : scanProblems.utf8);
      }),
      { numRuns: 5_000 },
    );
  });

  it('[P-18] refuses bytes beyond ASCII outside strings', () => {
    expect(scan(Uint8Array.of(0xc3, 0xa9))?.problem).toBe(scanProblems.syntax);
  });

  it.each([
    '"\\ud800"',
    '"\\udc00"',
    '"\\ud800x"',
    '"\\ud800\\n"',
    '"\\ud800\\ud800"',
    '"\\udbff\\u0041"',
    '{"\\ud800":1}',
  ])('[P-21] refuses the lone surrogate %s', (text) => {
    expect(scan(text)?.problem).toBe(scanProblems.surrogate);
  });
});
