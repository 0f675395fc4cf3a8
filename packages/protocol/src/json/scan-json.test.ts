import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.ts';
import { scanJson } from './scan-json.ts';
import { scanProblems } from './scan-limits.ts';
import type { ScanProblem } from './scan-limits.ts';

const encoder = new TextEncoder();
const strict = { refusesPrototypes: true, outerDepth: 0 } as const;

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

function elapsedMs(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** The best of many, so that neither a busy neighbour nor a cold compiler decides. */
function bestMs(work: () => void): number {
  return Math.min(...Array.from({ length: 20 }, () => elapsedMs(work)));
}

describe('scanJson, beside JSON.parse', () => {
  it.each([
    'null', 'true', 'false', '0', '-0', '1', '-1.5', '1e5', '1E+5', '0.1e-20', '123456789012345678901234567890',
    '""', '"a"', '"\\u0041\\n\\/\\"\\\\\\b\\f\\r\\t"', '"\\ud83d\\ude00"', '"👩‍🚀"', '"\u007f\u2028"',
    '[]', '{}', '[ ]', '{ }', ' \t\r\n[1 , 2]\n', '{"a":1,"b":[{"a":1}]}', '{"":1}', '[[],{},"",0,null]',
    '1e-999', '0e99999999999', '1.7976931348623157e308', `0.${'0'.repeat(400)}1`,
  ])('[PRT-8] accepts %s', (text) => {
    expect(isJson(text)).toBe(true);
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    '', ' ', 'nul', 'nulll', 'True', 'tru', 'falsy', 'undefined', 'NaN', 'Infinity', '-', '+1', '01', '-01', '1.', '.5', '1e', '1e+', '1.e5',
    '0x10', '1_000', "'a'", '"', '"a', '"\\', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\u123', '"\t"', '"\n"', '"\u0000"',
    '[', ']', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '{', '}', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,}', '{a:1}', '{"a" 1}',
    '{1:1}', '{"a":1 "b":2}', '{"a"}', '[1}', '{"a":1]', '[]]', '{}{}', '1 2', 'null,', '\ufeff1', '\u00a01', '/**/1', '1//', '\v1', '\f1', '[\u00a0]',
  ])('[PRT-8] refuses %j as JSON.parse does', (text) => {
    expect(isJson(text)).toBe(false);
    expect(scan(text)?.problem).toBe(scanProblems.syntax);
  });

  it('[PRT-8] accepts nothing that JSON.parse refuses, and refuses more only for its own reasons', () => {
    const own: readonly string[] = Object.values(scanProblems).filter((text) => text !== scanProblems.syntax);
    const texts = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0d8e1-+.tfn \n') , maxLength: 30 }),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 }), fc.nat(3)).map(([text, at, insert, cut]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(place + cut);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const problem = scan(text);
        if (problem === undefined) expect(isJson(text)).toBe(true);
        else if (isJson(text)) expect(own).toContain(problem.problem);
      }),
      { numRuns: 5_000 },
    );
  });

  it('[PRT-8] a clean value is accepted wherever it lies in the bytes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (text, before, after) => {
        const value = encoder.encode(text);
        const bytes = Uint8Array.from([...before, ...value, ...after]);
        const end = before.length + value.length;
        expect(scanJson(bytes, before.length, end, DEFAULT_LIMITS)).toEqual(scan(text));
      }),
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
    const edges = fc.constantFrom(0x20, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff);
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

  it.each(['"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\ud800\\n"', '"\\ud800\\ud800"', '"\\udbff\\u0041"', '{"\\ud800":1}'])(
    '[P-21] refuses the lone surrogate %s',
    (text) => {
      expect(scan(text)?.problem).toBe(scanProblems.surrogate);
    },
  );
});

describe('scanJson, keys', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"\\u0061":1,"b":0,"a":2}', 'a'],
    ['{"":1,"":2}', '?'],
    ['{"x":[{"y":{"k":1,"k":2}}]}', 'x[0].y.k'],
    ['[0,1,{"é":1,"\\u00e9":2}]', '[2].?'],
    ['{"😀":1,"\\ud83d\\ude00":2}', '?'],
    ['{"a":{"b":1,"c":{}},"b":[],"a":1}', 'a'],
    ['{"\\/":1,"/":1}', '?'],
  ])('[PRT-8] refuses the duplicate key in %s', (text, field) => {
    expect(scan(text)).toEqual({ field, problem: scanProblems.duplicate });
  });

  it.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":{"b":1},"b":1}', '{"ab":1,"ba":2,"aa":3}', '{"a":1,"A":2,"a ":3}'])(
    '[PRT-8] accepts the same key in different objects: %s',
    (text) => {
      expect(scan(text)).toBeUndefined();
    },
  );

  it('[PRT-8] finds a duplicate at any place of objects of any size', () => {
    const limits = { ...DEFAULT_LIMITS, maxKeysPerObject: 5_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(), fc.boolean(), (count, pick, isEscaped) => {
        const names = Array.from({ length: count }, (_, i) => `key-${i}`);
        const twin = `key-${pick % count}`;
        const written = isEscaped ? `\\u006b${twin.slice(1)}` : twin;
        const clean = names.map((name) => `"${name}":{"key-0":[]}`).join();
        expect(scan(`{${clean}}`, limits)).toBeUndefined();
        expect(scan(`{${clean},"${written}":1}`, limits)?.problem).toBe(scanProblems.duplicate);
      }),
      { numRuns: 40 },
    );
  });

  it('[P-10] refuses __proto__ at any depth, escaped or not', () => {
    for (const text of ['{"__proto__":1}', '[{"a":{"__proto__":{}}}]', '{"\\u005f_proto__":1}', '{"\\u005f\\u005fproto\\u005f\\u005f":1}']) {
      expect(scan(text)?.problem).toBe(scanProblems.forbidden);
    }
    expect(scan('{"a":{"__proto__":1}}')?.field).toBe('a.__proto__');
    expect(scan('["__proto__", {"__proto_":1, "_proto__":1, "__protO__":1}]')).toBeUndefined();
  });

  it('[PRT-8] refuses constructor and prototype only where asked to', () => {
    for (const key of ['constructor', 'prototype', '\\u0063onstructor']) {
      const bytes = encoder.encode(`{"a":[{"${key}":1}]}`);
      expect(scanJson(bytes, 0, bytes.length, DEFAULT_LIMITS)).toBeUndefined();
      expect(scanJson(bytes, 0, bytes.length, DEFAULT_LIMITS, strict)?.problem).toBe(scanProblems.forbidden);
    }
    const honest = encoder.encode('{"hasOwnProperty":1,"construction":1,"prototyp3":1,"pro":"constructor"}');
    expect(scanJson(honest, 0, honest.length, DEFAULT_LIMITS, strict)).toBeUndefined();
  });

  it('[PRT-10] echoes no key that is no name', () => {
    expect(scan('{"<script>":{"a":1,"a":1}}')?.field).toBe('?.a');
    expect(scan(`{"${'k'.repeat(65)}":tru}`)?.field).toBe('?');
  });
});

describe('scanJson, limits', () => {
  it('[PRT-8] counts depth, keys and items exactly', () => {
    const limits = { ...DEFAULT_LIMITS, maxDepth: 3, maxKeysPerObject: 2, maxArrayItems: 2 };
    expect(scan('[[[1]]]', limits)).toBeUndefined();
    expect(scan('[[[[1]]]]', limits)?.problem).toBe(scanProblems.depth);
    expect(scan('{"a":{"a":{"a":{}}}}', limits)).toEqual({ field: 'a.a.a', problem: scanProblems.depth });
    expect(scan('{"a":1,"b":2}', limits)).toBeUndefined();
    expect(scan('{"a":1,"b":2,"c":3}', limits)?.problem).toBe(scanProblems.keys);
    expect(scan('[1,2]', limits)).toBeUndefined();
    expect(scan('[1,2,3]', limits)?.problem).toBe(scanProblems.items);
    expect(scan('[]', { ...limits, maxArrayItems: 0 })).toBeUndefined();
    expect(scan('[1]', { ...limits, maxArrayItems: 0 })?.problem).toBe(scanProblems.items);
  });

  it('[PRT-8] counts the containers that the value lies in', () => {
    const bytes = encoder.encode('[[1]]');
    const limits = { ...DEFAULT_LIMITS, maxDepth: 3 };
    expect(scanJson(bytes, 0, bytes.length, limits, { refusesPrototypes: false, outerDepth: 1 })).toBeUndefined();
    expect(scanJson(bytes, 0, bytes.length, limits, { refusesPrototypes: false, outerDepth: 2 })?.problem).toBe(scanProblems.depth);
  });

  it('[PRT-8] works with more depth than it was made for', () => {
    const limits = { ...DEFAULT_LIMITS, maxDepth: 200 };
    expect(scan('{"a":['.repeat(100) + ']}'.repeat(100), limits)).toBeUndefined();
    expect(scan('['.repeat(201), limits)?.problem).toBe(scanProblems.depth);
  });

  it.each(['1e309', '-1e309', '1e999999999999', `1${'0'.repeat(309)}`, `[${'9'.repeat(400)}]`])('[P-08] refuses the number %s', (text) => {
    expect(scan(text)?.problem).toBe(scanProblems.number);
  });

  it('[P-08] accepts long numbers that a double can hold', () => {
    expect(scan(`1${'0'.repeat(308)}`)).toBeUndefined();
    expect(scan(`0.${'0'.repeat(500)}e310`)).toBeUndefined();
  });

  it('[P-09] refuses 5,000,000 open brackets at once, without recursion', () => {
    for (const open of ['[', '{"a":']) {
      const bytes = encoder.encode(open.repeat(5_000_000));
      expect(bestMs(() => expect(scan(bytes)?.problem).toBe(scanProblems.depth))).toBeLessThan(2);
    }
  });

  it('[P-09] refuses 10,000 levels in 20 KB', () => {
    expect(scan('['.repeat(10_000) + ']'.repeat(10_000))?.problem).toBe(scanProblems.depth);
  });

  it('[P-07] [P-09] takes time linear in hostile keys: 64 KiB in a few milliseconds', () => {
    const many = `{${Array.from({ length: 1_024 }, (_, i) => `"${i.toString(36).padStart(58, 'x')}":0`).join()}}`;
    const small = `[${Array.from({ length: 700 }, () => `{${Array.from({ length: 16 }, (_, i) => `"${i}":0`).join()}}`).join()}]`;
    const midsize = `[${Array.from({ length: 700 }, () => `{${Array.from({ length: 17 }, (_, i) => `"${i}":0`).join()}}`).join()}]`;
    const alike = `{${Array.from({ length: 16 }, (_, i) => `"${'k'.repeat(2_000)}${String.fromCharCode(65 + i)}${'k'.repeat(2_000)}k":0`).join()}}`;
    const escaped = `{${Array.from({ length: 1_000 }, (_, i) => `"\\u0061\\u0062\\u0063\\u0064\\u0065${i}":0`).join()}}`;
    for (const text of [many, small, midsize, alike, escaped]) {
      const bytes = encoder.encode(text);
      expect(bestMs(() => expect(scan(bytes)).toBeUndefined())).toBeLessThan(5);
    }
  });
});
