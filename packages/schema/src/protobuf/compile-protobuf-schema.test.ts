import type { JsonValue } from '@bufbuild/protobuf';
import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptorSet, mapEntry, message } from '../testing/descriptor-set.ts';
import { compileMessage, decodeOrder, encodeOrder, orderDescriptors } from '../testing/order-schema.ts';
import type { Violation } from '../violation.ts';

const schema = compileMessage(orderDescriptors, 'shop.v1.Order');
const good: JsonValue = {
  id: 'DE-17 Größe',
  quantity: -3,
  items: [{ sku: 'a', price: 1.5 }, {}],
  state: 'STATE_REFUNDED',
  numbers: ['-1', '9007199254740993'],
  labels: { färbe: 'rot', '': 'none' },
  placedAt: '2026-03-01T09:30:00Z',
  card: '4111',
  parent: { id: 'DE-16', parent: { id: 'DE-15' } },
  blob: 'AAEC',
  ratio: 0.5,
  states: ['STATE_PLACED', 'STATE_UNSPECIFIED'],
  stock: { '7': { sku: 'b' } },
};

function checkBytes(...bytes: readonly (number | Uint8Array)[]): readonly Violation[] {
  const whole = Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)));
  return schema.violations({ bytes: whole, contentType: 'application/x-protobuf' });
}

function checkJson(json: unknown): readonly Violation[] {
  return schema.violations({ bytes: new TextEncoder().encode(JSON.stringify(json)), contentType: '' });
}

/** A field: its tag and its bytes, with their length where its type has one. */
function field(number: number, type: number, ...bytes: readonly number[]): Uint8Array {
  return Uint8Array.of((number << 3) | type, ...(type === 2 ? [bytes.length] : []), ...bytes);
}

describe('the bytes of a message', () => {
  it('[SCH-2] fit as an encoder writes them, in any form of lists', () => {
    expect(checkBytes(encodeOrder(good))).toEqual([]);
    expect(checkBytes()).toEqual([]);
    expect(checkBytes(field(5, 0, 1), field(5, 2, 1, 2), field(13, 0, 1), field(13, 2, 0, 1))).toEqual([]);
    expect(schema.violations({ bytes: encodeOrder(good), contentType: 'application/protobuf; v=1' })).toEqual([]);
  });

  it.each([
    ['an unknown field', [field(15, 0, 1)], [{ path: '', message: 'holds the field 15, which is not in the schema' }]],
    [
      'an unknown field within',
      [field(3, 2, ...field(7, 0, 1))],
      [{ path: 'items[0]', message: 'holds the field 7, which is not in the schema' }],
    ],
    ['an unknown value of an enum', [field(4, 0, 9)], [{ path: 'state', message: 'is no value of its enum' }]],
    ['one in a packed list', [field(13, 2, 1, 8)], [{ path: 'states[1]', message: 'is no value of its enum' }]],
    ['a number where a text belongs', [field(1, 0, 7)], [{ path: 'id', message: 'has the wrong wire type' }]],
    ['a text where a number belongs', [field(2, 2, 0x61)], [{ path: 'quantity', message: 'has the wrong wire type' }]],
    [
      'a wrong type within',
      [field(3, 2), field(3, 2, 0x10, 1)],
      [{ path: 'items[1].price', message: 'has the wrong wire type' }],
    ],
    ['text that is no UTF-8', [field(1, 2, 0xff)], [{ path: 'id', message: 'is no UTF-8' }]],
    ['a field that stands twice', [field(2, 0, 1), field(2, 0, 2)], [{ path: 'quantity', message: 'stands twice' }]],
    ['a message that stands twice', [field(10, 2), field(10, 2)], [{ path: 'parent', message: 'stands twice' }]],
    [
      'two of a oneof',
      [field(8, 2, 0x61), field(9, 0, 1)],
      [{ path: 'invoice', message: 'stands beside another member of its oneof' }],
    ],
    [
      'a key that stands twice',
      [field(6, 2, 0x0a, 1, 0x61), field(6, 2, 0x12, 1, 0x62, 0x0a, 1, 0x61)],
      [{ path: 'labels', message: 'has the same key twice' }],
    ],
    [
      'the default key, written and not',
      [field(14, 2, 0x08, 0), field(14, 2)],
      [{ path: 'stock', message: 'has the same key twice' }],
    ],
    ['an entry with two keys', [field(6, 2, 0x0a, 0, 0x0a, 0)], [{ path: 'labels[0].key', message: 'stands twice' }]],
  ])('[SCH-2] [SAF-6] do not fit with %s, and the path says where', (_, bytes, violations) => {
    expect(checkBytes(...bytes)).toEqual(violations);
  });

  it.each([
    ['bytes that are missing', [field(1, 2, 0x61).subarray(0, 2)]],
    ['a list that is longer than what holds it', [Uint8Array.of(0x2a, 5, 1)]],
    ['a fixed number that is cut short', [field(12, 5, 1, 2)]],
    ['a number that never ends', [Uint8Array.of(0x10, ...Array.from({ length: 12 }, () => 0x80))]],
    ['an enum that never ends', [Uint8Array.of(0x20, 0x80)]],
    ['a tag of nothing', [Uint8Array.of(0)]],
    ['the end of a group that did not begin', [Uint8Array.of(0x0c)]],
    ['a group that never ends', [field(15, 3, 0x08, 1)]],
    ['a type of wire that there is not', [field(15, 6)]],
    ['unknown bytes that are cut short', [Uint8Array.of(0x7a, 5)]],
    ['an unknown number that is cut short', [field(15, 1, 1)]],
    ['an unknown one of four bytes that is', [field(15, 5, 1)]],
    ['trailing bytes within', [field(3, 2, 0x0a, 9)]],
  ])('[SCH-2] are refused with %s', (_, bytes) => {
    const violations = checkBytes(...bytes);
    expect(violations.at(-1)?.message).toBe('is cut short, or is no Protobuf');
  });

  it('[SCH-2] an unknown group and unknown fields of all types are passed over and told, ten at most', () => {
    const group = field(15, 3, 0x08, 1, 0x13, 0x14, 0x7c);
    const all = [
      group,
      field(15, 0, 1),
      field(15, 1, 1, 2, 3, 4, 5, 6, 7, 8),
      field(15, 5, 1, 2, 3, 4),
      field(15, 2, 1),
    ];
    expect(checkBytes(...all).map(({ message: text }) => text)).toEqual(
      all.map(() => 'holds the field 15, which is not in the schema'),
    );
    expect(checkBytes(...Array.from({ length: 40 }, () => field(15, 0, 1)))).toHaveLength(10);
    const deep = Array.from({ length: 80 }).reduce<Uint8Array>((inner) => {
      const length = inner.length < 128 ? [inner.length] : [(inner.length & 0x7f) | 0x80, inner.length >> 7];
      return Buffer.concat([Uint8Array.of(0x52, ...length), inner]);
    }, new Uint8Array(0));
    expect(checkBytes(deep).at(-1)?.message).toContain('nested deeper');
    expect(checkBytes(Buffer.alloc(200, 0x7b)).at(-1)?.message).toBe('is cut short, or is no Protobuf');
  });

  it('[SCH-2] never throw, and what passes the library reads', () => {
    assert(
      property(uint8Array({ maxLength: 60 }), (bytes) => {
        if (checkBytes(bytes).length === 0) decodeOrder(bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('JSON and a descriptor', () => {
  it('[SCH-2] fit by the JSON mapping, with either name of a field', () => {
    expect(checkJson(good)).toEqual([]);
    expect(checkJson({ placed_at: '2026-03-01T09:30:00Z', state: 1, quantity: '4', id: null })).toEqual([]);
  });

  it.each([
    [{ quantity: 'many' }, [{ path: 'quantity', message: 'must be a value of type int32' }]],
    [
      { items: [{ price: 1 }, { price: 'hunter2' }] },
      [{ path: 'items[1].price', message: 'must be a value of type double' }],
    ],
    [{ items: [7] }, [{ path: 'items[0]', message: 'must be a shop.v1.Item' }]],
    [{ items: {} }, [{ path: 'items', message: 'must be a list' }]],
    [{ labels: [] }, [{ path: 'labels', message: 'must be an object' }]],
    [{ labels: { a: 7 } }, [{ path: 'labels.a', message: 'must be a value of type string' }]],
    [{ stock: { '1': { price: [] } } }, [{ path: 'stock["1"].price', message: 'must be a value of type double' }]],
    [{ numbers: ['1', 1.5] }, [{ path: 'numbers[1]', message: 'must be a value of type sint64' }]],
    [{ state: 'STATE_LOST' }, [{ path: 'state', message: 'must be a value of shop.v1.State' }]],
    [{ state: 7 }, [{ path: 'state', message: 'is no value of its enum' }]],
    [{ placedAt: 'yesterday' }, [{ path: 'placedAt', message: 'must be a google.protobuf.Timestamp' }]],
    [{ parent: { extra: 1 } }, [{ path: 'parent.extra', message: 'is not in the schema' }]],
    [{ card: '1', invoice: true }, [{ path: '', message: 'sets a field or a oneof twice' }]],
    [7, [{ path: '', message: 'must be a shop.v1.Order' }]],
  ])('[SCH-2] do not fit, and the path says where: %j', (json, violations) => {
    expect(checkJson(json)).toEqual(violations);
  });

  it('[SCH-2] other content is neither, and none at all is no JSON', () => {
    const bytes = new TextEncoder().encode('text');
    expect(schema.violations({ bytes, contentType: 'text/plain' })[0]?.message).toContain('must be Protobuf or JSON');
    expect(schema.violations({ bytes: new Uint8Array(0), contentType: '' })).toEqual([
      { path: '', message: 'is missing' },
    ]);
    expect(checkJson(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x${i}`, 1])))).toHaveLength(10);
  });

  it('[SAF-6] carries over to JSON and back', () => {
    const json = schema.mapping?.toJson(encodeOrder(good)) ?? new Uint8Array(0);
    expect(JSON.parse(new TextDecoder().decode(json))).toEqual({ ...good, items: [{ sku: 'a', price: 1.5 }, {}] });
    expect(Buffer.from(schema.mapping?.toPayload(json) ?? [])).toEqual(Buffer.from(encodeOrder(good)));
    expect(() => schema.mapping?.toPayload(new TextEncoder().encode('{"quantity":"***REDACTED***"}'))).toThrow(
      /quantity/,
    );
  });
});

describe('required fields and groups of proto2', () => {
  const old = compileMessage(
    descriptorSet(
      [
        message('Inner', [{ name: 'must', number: 1, type: 'INT32', label: 'required' }]),
        message(
          'Outer',
          [
            { name: 'id', number: 1, type: 'STRING', label: 'required' },
            { name: 'inner', number: 2, type: '.shop.v1.Inner' },
            { name: 'list', number: 3, type: '.shop.v1.Inner', label: 'repeated' },
            { name: 'group', number: 4, type: '.shop.v1.Inner', isGroup: true },
            { name: 'map', number: 5, type: '.shop.v1.Outer.MapEntry', label: 'repeated' },
            { name: 'kinds', number: 6, type: '.shop.v1.Outer.KindsEntry', label: 'repeated' },
          ],
          {
            nestedType: [
              mapEntry('MapEntry', 'STRING', '.shop.v1.Inner'),
              mapEntry('KindsEntry', 'STRING', '.shop.v1.Kind', true),
            ],
          },
        ),
      ],
      { syntax: 'proto2', enums: { Kind: { KIND_A: 1 } } },
    ),
    'shop.v1.Outer',
  );

  it('[SCH-2] are missed wherever they should be, in bytes and in JSON', () => {
    const ofBytes = (...bytes: readonly Uint8Array[]): readonly Violation[] =>
      old.violations({ bytes: Buffer.concat(bytes), contentType: 'application/protobuf' });
    expect(ofBytes(field(2, 2), field(3, 2, 0x08, 1), field(3, 2))).toEqual([
      { path: 'inner.must', message: 'is required' },
      { path: 'list[1].must', message: 'is required' },
      { path: 'id', message: 'is required' },
    ]);
    const json = new TextEncoder().encode('{"inner":{},"list":[{"must":1},{}]}');
    expect(old.violations({ bytes: json, contentType: '' })).toEqual([
      { path: 'id', message: 'is required' },
      { path: 'inner.must', message: 'is required' },
      { path: 'list[1].must', message: 'is required' },
    ]);
    const group = ofBytes(field(1, 2), field(4, 3), field(1, 0, 1), field(4, 4));
    expect([group, ofBytes(field(1, 2), field(4, 3), field(4, 4))]).toEqual([
      [],
      [{ path: 'group.must', message: 'is required' }],
    ]);
    expect(ofBytes(field(1, 2), field(6, 2, 0x0a, 0, 0x10, 7))).toEqual([
      { path: 'kinds[0].value', message: 'is no value of its enum' },
    ]);
    const mapped = new TextEncoder().encode('{"id":"a","map":{"k":{}}}');
    expect(old.violations({ bytes: mapped, contentType: '' })).toEqual([
      { path: 'map.k.must', message: 'is required' },
    ]);
    const whole = new TextEncoder().encode('{"id":"a","inner":{"must":1}}');
    expect(old.violations({ bytes: whole, contentType: '' })).toEqual([]);
  });
});
