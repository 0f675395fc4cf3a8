import { describe, expect, it } from 'vitest';
import { descriptorSet, message, orderDescriptors } from '../testing/index.ts';
import { payloadShape } from './payload-shape.ts';

function shapeOfJson(schema: unknown): object {
  return payloadShape({ kind: 'json', bytes: Buffer.from(JSON.stringify(schema)), message: '' });
}

describe('the shape of payloads of a JSON Schema', () => {
  it('[SCH-5] keeps what types can say, and leaves bounds, formats and conditions out', () => {
    const text = {
      type: 'string',
      format: 'uuid',
      minLength: 3,
      pattern: '^a',
      title: 'T',
      $comment: 'c',
      default: 'x',
    };
    const schema = {
      type: 'object',
      required: ['text'],
      properties: { text, never: false, list: { type: 'array', items: false, prefixItems: [text, true], minItems: 2 } },
      if: { required: ['list'] },
      else: { not: { required: ['text'] } },
    };
    expect(shapeOfJson(schema)).toEqual({
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string' }, list: { type: 'array', prefixItems: [{ type: 'string' }, true] } },
    });
  });

  it('[SCH-5] has choices among texts as they are, and of others their types', () => {
    expect(shapeOfJson({ enum: ['a', 'b', 'a'] })).toEqual({ type: 'string', enum: ['a', 'b'] });
    expect(shapeOfJson({ const: 'a' })).toEqual({ type: 'string', enum: ['a'] });
    expect(shapeOfJson({ enum: [1, 2.5, 'a', null, [], {}, true] })).toEqual({
      type: ['integer', 'number', 'string', 'null', 'array', 'object', 'boolean'],
    });
    expect(shapeOfJson({ anyOf: [false, { type: 'string' }], oneOf: [false] })).toEqual({
      anyOf: [{ type: 'string' }],
    });
  });

  it('[SCH-5] has further members where there are none by name, as one type cannot be that of both', () => {
    const more = { additionalProperties: { type: 'integer', minimum: 3 } };
    expect(shapeOfJson(more)).toEqual({ additionalProperties: { type: 'integer' } });
    expect(shapeOfJson({ ...more, properties: { a: true } })).toEqual({ properties: { a: true } });
    const closed = { properties: { a: true }, additionalProperties: false };
    expect(shapeOfJson(closed)).toEqual(closed);
    expect(shapeOfJson({ ...closed, patternProperties: { '^x': true } })).toEqual({ properties: { a: true } });
    expect(shapeOfJson({ additionalProperties: false, patternProperties: { '^x': true } })).toEqual({});
  });

  it('[SCH-5] names definitions, a root that is referred to among them', () => {
    const tree = {
      properties: { next: { $ref: '#' }, first: { $ref: '#/properties/next' }, one: { $ref: '#/$defs/a.b' } },
    };
    expect(
      shapeOfJson({ ...tree, $defs: { 'a.b': { type: 'null' }, never: false }, definitions: { c: true } }),
    ).toEqual({
      $ref: '#/$defs/Payload',
      $defs: {
        'a.b': { type: 'null', title: 'a b' },
        never: false,
        Payload: {
          properties: {
            next: { $ref: '#/$defs/Payload' },
            first: { $ref: '#/$defs/Payload/properties/next' },
            one: { $ref: '#/$defs/a.b' },
          },
        },
      },
      definitions: { c: true },
    });
  });

  it('[SCH-5] has texts in which no line ends unseen', () => {
    expect(shapeOfJson({ description: 'a\rb\u2028c\n\u0000d' })).toEqual({ description: 'a b c\n d' });
    expect(shapeOfJson({ description: 7 })).toEqual({});
  });
});

describe('the shape of payloads of a Protobuf message', () => {
  it('[SCH-5] is its JSON mapping: names in camel case, 64 bits and bytes as texts, enums by name', () => {
    const shape = payloadShape({ kind: 'protobuf', bytes: orderDescriptors, message: 'shop.v1.Order' });
    expect(shape).toMatchObject({
      $ref: '#/$defs/shop.v1.Order',
      $defs: {
        'shop.v1.State': { title: 'State', enum: ['STATE_UNSPECIFIED', 'STATE_PLACED', 'STATE_REFUNDED'] },
        'shop.v1.Order': {
          additionalProperties: false,
          properties: {
            quantity: { type: 'integer' },
            items: { type: 'array', items: { $ref: '#/$defs/shop.v1.Item' } },
            numbers: { type: 'array', items: { type: 'string' } },
            labels: { type: 'object', additionalProperties: { type: 'string' } },
            placedAt: { type: 'string' },
            invoice: { type: 'boolean' },
            parent: { $ref: '#/$defs/shop.v1.Order' },
            blob: { type: 'string' },
            ratio: { type: 'number' },
            state: { $ref: '#/$defs/shop.v1.State' },
            stock: { type: 'object', additionalProperties: { $ref: '#/$defs/shop.v1.Item' } },
          },
        },
      },
    });
    expect(shape).not.toHaveProperty(['$defs', 'google.protobuf.Timestamp']);
    expect(shape).not.toHaveProperty(['$defs', 'shop.v1.Order', 'required']);
  });

  it('[SCH-5] requires what proto2 requires', () => {
    const fields = [
      { name: 'a', number: 1, type: 'INT64', label: 'required' },
      { name: 'b', number: 2, type: 'BOOL' },
    ] as const;
    const bytes = descriptorSet([message('Old', fields)], { syntax: 'proto2' });
    expect(payloadShape({ kind: 'protobuf', bytes, message: '' })).toMatchObject({
      $defs: { 'shop.v1.Old': { required: ['a'] } },
    });
  });
});
