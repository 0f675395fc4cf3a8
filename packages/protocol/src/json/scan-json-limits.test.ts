import * as fc from 'fast-check';
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

function elapsedMs(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** The best of many, so that neither a busy neighbour nor a cold compiler decides. */
function bestMs(work: () => void): number {
  return Math.min(...Array.from({ length: 20 }, () => elapsedMs(work)));
}

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

  it.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":{"b":1},"b":1}',
    '{"ab":1,"ba":2,"aa":3}',
    '{"a":1,"A":2,"a ":3}',
  ])('[PRT-8] accepts the same key in different objects: %s', (text) => {
    expect(scan(text)).toBeUndefined();
  });

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
    for (const text of [
      '{"__proto__":1}',
      '[{"a":{"__proto__":{}}}]',
      '{"\\u005f_proto__":1}',
      '{"\\u005f\\u005fproto\\u005f\\u005f":1}',
    ]) {
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
    expect(scanJson(bytes, 0, bytes.length, limits, { refusesPrototypes: false, outerDepth: 2 })?.problem).toBe(
      scanProblems.depth,
    );
  });

  it('[PRT-8] works with more depth than it was made for', () => {
    const limits = { ...DEFAULT_LIMITS, maxDepth: 200 };
    expect(scan('{"a":['.repeat(100) + ']}'.repeat(100), limits)).toBeUndefined();
    expect(scan('['.repeat(201), limits)?.problem).toBe(scanProblems.depth);
  });

  it.each(['1e309', '-1e309', '1e999999999999', `1${'0'.repeat(309)}`, `[${'9'.repeat(400)}]`])(
    '[P-08] refuses the number %s',
    (text) => {
      expect(scan(text)?.problem).toBe(scanProblems.number);
    },
  );

  it('[P-08] accepts long numbers that a double can hold', () => {
    expect(scan(`1${'0'.repeat(308)}`)).toBeUndefined();
    expect(scan(`0.${'0'.repeat(500)}e310`)).toBeUndefined();
  });

  it('[P-09] refuses 5,000,000 open brackets at once, without recursion', () => {
    for (const open of ['[', '{"a":']) {
      const bytes = encoder.encode(open.repeat(5_000_000));
      expect(bestMs(() => expect(scan(bytes)?.problem).toBe(scanProblems.depth))).toBeLessThan(20);
    }
  });

  it('[P-09] refuses 10,000 levels in 20 KB', () => {
    expect(scan('['.repeat(10_000) + ']'.repeat(10_000))?.problem).toBe(scanProblems.depth);
  });

  it('[P-07] [P-09] takes time linear in hostile keys: 64 KiB in milliseconds', () => {
    const many = `{${Array.from({ length: 1_024 }, (_, i) => `"${i.toString(36).padStart(58, 'x')}":0`).join()}}`;
    const small = `[${Array.from({ length: 700 }, () => `{${Array.from({ length: 16 }, (_, i) => `"${i}":0`).join()}}`).join()}]`;
    const midsize = `[${Array.from({ length: 700 }, () => `{${Array.from({ length: 17 }, (_, i) => `"${i}":0`).join()}}`).join()}]`;
    const alike = `{${Array.from({ length: 16 }, (_, i) => `"${'k'.repeat(2_000)}${String.fromCharCode(65 + i)}${'k'.repeat(2_000)}k":0`).join()}}`;
    const escaped = `{${Array.from({ length: 1_000 }, (_, i) => `"\\u0061\\u0062\\u0063\\u0064\\u0065${i}":0`).join()}}`;
    for (const text of [many, small, midsize, alike, escaped]) {
      const bytes = encoder.encode(text);
      // It was 7 ms while coverage was measured.
      expect(bestMs(() => expect(scan(bytes)).toBeUndefined())).toBeLessThan(25);
    }
  });
});
