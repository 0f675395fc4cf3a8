import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../compile-schema.ts';
import type { Violation } from '../violation.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function compile(schema: unknown): ReturnType<typeof compileSchema> {
  return compileSchema({ kind: 'json', bytes: encode(schema), message: '' });
}

function check(schema: unknown, payload: unknown, contentType = 'application/json'): readonly Violation[] {
  const compiled = compile(schema);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.schema.violations({
    bytes: payload === undefined ? new Uint8Array(0) : encode(payload),
    contentType,
  });
}

const order = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: '^[A-Z]{2}[0-9]+$' },
    items: { type: 'array', maxItems: 3, items: { $ref: '#/$defs/item' } },
    tags: { type: 'array', uniqueItems: true },
    kind: { enum: ['retail', 'wholesale'] },
    'odd name/~': { type: 'null' },
  },
  unevaluatedProperties: false,
  $defs: {
    item: { type: 'object', required: ['price'], properties: { price: { type: 'number', minimum: 0 } } },
  },
};

describe('a payload and a JSON Schema', () => {
  it.each([
    [{ id: 'DE17' }],
    [{ id: 'DE17', items: [{ price: 1 }, { price: 0.5, more: 'ünïcode' }], kind: 'retail', tags: [1, '1', { a: 1 }] }],
  ])('[SCH-2] fit: %j', (payload) => {
    expect(check(order, payload)).toEqual([]);
  });

  it.each([
    [{}, [{ path: 'id', message: 'is required' }]],
    [{ id: 'de17' }, [{ path: 'id', message: 'must match its pattern' }]],
    [{ id: 17 }, [{ path: 'id', message: 'must be string' }]],
    [{ id: 'DE1', items: [{ price: 1 }, {}] }, [{ path: 'items[1].price', message: 'is required' }]],
    [{ id: 'DE1', items: [{ price: -1 }] }, [{ path: 'items[0].price', message: 'must be >= 0' }]],
    [{ id: 'DE1', 'odd name/~': 1 }, [{ path: '["odd name/~"]', message: 'must be null' }]],
    [{ id: 'DE1', kind: 'x' }, [{ path: 'kind', message: 'must be equal to one of the allowed values' }]],
    [
      { id: 'DE1', tags: [{ a: 1, b: 2 }, 5, { b: 2, a: 1 }] },
      [{ path: 'tags', message: 'must not have the same item twice' }],
    ],
    [{ id: 'DE1', extra: 'x' }, [{ path: 'extra', message: 'is not in the schema' }]],
    ['text', [{ path: '', message: 'must be object' }]],
    [undefined, [{ path: '', message: 'is missing' }]],
  ])('[SCH-2] do not fit, and the path says where: %j', (payload, violations) => {
    expect(check(order, payload)).toEqual(violations);
  });

  it('[SCH-2] by its content type must be JSON', () => {
    expect(check(order, { id: 'DE1' }, 'application/vnd.order+json; charset=utf-8')).toEqual([]);
    for (const type of ['text/plain', 'application/x-protobuf', 'image/png'])
      expect(check(order, { id: 'DE1' }, type)).toEqual([{ path: '', message: 'must be JSON, by its content type' }]);
  });

  it('[SCH-2] tells the first ten violations, long names cut, and nothing that the payload says', () => {
    const closed = { type: 'object', additionalProperties: { type: 'number' } };
    const payload = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}${'x'.repeat(100)}`, 'hunter2']));
    const violations = check(closed, payload);
    expect(violations).toHaveLength(10);
    expect(violations[0]?.path).toHaveLength(64);
    expect(JSON.stringify(violations)).not.toContain('hunter2');
    const deep = { $ref: '#/$defs/n', $defs: { n: { type: 'object', additionalProperties: { $ref: '#/$defs/n' } } } };
    const nested = Array.from({ length: 30 }).reduce<unknown>((inner) => ({ ['y'.repeat(64)]: inner }), 1);
    expect(check(deep, nested)[0]?.path.length).toBeLessThan(400);
  });
});

describe('a JSON Schema', () => {
  it.each([
    ['is no JSON object', [1]],
    ['is not after JSON Schema 2020-12', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['is not valid at /type', { type: 'nothing' }],
    ['cannot be used', { properties: { a: { $ref: 'https://example.org/else.json' } } }],
    ['cannot be used', { $ref: '#/$defs/nowhere' }],
    ['cannot be used', { requird: ['a'] }],
    ['no expression after RE2', { pattern: '(?=a)b' }],
    ['no expression after RE2', { patternProperties: { '(a{1000}){1000}': {} } }],
    ['pattern of over 512', { pattern: 'a'.repeat(513) }],
    ['a keyword that is not of', { $async: true }],
    ['is nested deeper', Array.from({ length: 80 }).reduce<unknown>((inner) => ({ not: inner }), {})],
    ['has more than', { enum: Array.from({ length: 30_000 }, (_, i) => i) }],
  ])('[SCH-1] that %s is refused', (problem, schema) => {
    expect(compile(schema)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });

  it('[SCH-1] may be compressed, up to a size', () => {
    expect(compileSchema({ kind: 'json', bytes: gzipSync(encode(order)), message: '' }).ok).toBe(true);
    for (const [bytes, problem] of [
      [gzipSync(Buffer.alloc(2_000_000, 0x20)), 'is larger than'],
      [Buffer.alloc(2_000_000, 0x20), 'is larger than'],
      [Uint8Array.of(0x1f, 0x8b, 1, 2), 'is not compressed'],
      [Uint8Array.of(0xff, 0x7b), 'is no JSON'],
    ] as const) {
      const result = compileSchema({ kind: 'json', bytes, message: '' });
      expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
    }
  });

  it.each([
    [
      'refers to itself twice',
      {
        $ref: '#/$defs/t',
        $defs: {
          t: { allOf: [{ properties: { a: { $ref: '#/$defs/t' } } }, { properties: { a: { $ref: '#/$defs/t' } } }] },
        },
      },
      Array.from({ length: 30 }).reduce<unknown>((inner) => ({ a: inner }), {}),
    ],
    [
      'branches without end',
      Object.fromEntries([
        ['$ref', '#/$defs/s0'],
        [
          '$defs',
          Object.fromEntries(
            Array.from({ length: 40 }, (_, i) => [
              `s${i}`,
              i === 39 ? { type: 'object' } : { allOf: [{ $ref: `#/$defs/s${i + 1}` }, { $ref: `#/$defs/s${i + 1}` }] },
            ]),
          ),
        ],
      ]),
      {},
    ],
    ['is its own definition', { $ref: '#' }, {}],
    [
      'has a pattern that takes long',
      { items: { pattern: `^(?:${'(a|b)?'.repeat(80)})*$` } },
      Array.from({ length: 2_000 }, () => 'ab'.repeat(30)),
    ],
    [
      'has many values',
      { items: { enum: Array.from({ length: 9_000 }, (_, i) => `v${i}`) } },
      Array.from({ length: 9_000 }, () => 'v8999'),
    ],
    [
      'wants items unique',
      { uniqueItems: true },
      Array.from({ length: 50_000 }, (_, i) => ({ i, text: 'x'.repeat(200) })),
    ],
  ])('[SCH-2] [CAS-2] that %s costs bounded time', (_, schema, payload) => {
    const compiled = compile(schema);
    if (!compiled.ok) throw new Error(compiled.problem);
    const bytes = encode(payload);
    const before = process.cpuUsage();
    const violations = compiled.schema.violations({ bytes, contentType: '' });
    // Processor time, since the machine may be busy. What is refused here would take hours.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
    expect(violations).toEqual([{ path: '', message: 'takes more work to check than is allowed' }]);
  });
});
