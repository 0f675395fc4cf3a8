import { describe, expect, it } from 'vitest';
import type { SchemaSource } from '../schema-source.ts';
import { descriptorSet, mapEntry, message } from '../testing/descriptor-set.ts';
import type { FieldInit, MessageInit } from '../testing/descriptor-set.ts';
import { checkCompatibility } from './check-compatibility.ts';

function json(schema: unknown): SchemaSource {
  return { kind: 'json', bytes: new TextEncoder().encode(JSON.stringify(schema)), message: '' };
}

/** What is told of `next` in the place of `known`, as `path: change`. */
function backward(known: unknown, next: unknown): readonly string[] {
  return checkCompatibility(json(known), json(next), 'backward').map(({ path, change }) => `${path}: ${change}`);
}

const text = { type: 'string' };
const open = { type: 'object', properties: { a: text } };
const closed = { ...open, additionalProperties: false };
const tree = (leaf: object): object => ({
  $ref: '#/$defs/node',
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, leaf } } },
});

describe('versions of a JSON Schema', () => {
  it.each([
    ['the same', closed, closed],
    ['an optional member more', closed, { ...closed, properties: { a: text, b: { type: 'number' } } }],
    ['a member less that may still be there', open, { type: 'object' }],
    ['a type more', text, { type: ['string', 'null'] }],
    ['a wider number', { type: 'integer', minimum: 3 }, { type: 'number', minimum: 1 }],
    ['no lower bound and one of nothing', text, { ...text, minLength: 0 }],
    ['values more', { enum: ['a'] }, { enum: ['a', 'b'] }],
    ['a value among values', { const: 'a' }, { enum: ['a', 'b'] }],
    ['a smaller step', { multipleOf: 4 }, { multipleOf: 2 }],
    ['less demands', { allOf: [text, { minLength: 2 }] }, { allOf: [text] }],
    ['a choice more', { anyOf: [text] }, { anyOf: [text, { type: 'null' }] }],
    ['a member that could not be there', { properties: { x: false } }, { properties: { x: text } }],
    ['everything', closed, {}],
    ['others that may be anything', { additionalProperties: text }, { additionalProperties: true }],
    ['items behind named ones', { prefixItems: [text], items: text }, { prefixItems: [text, text], items: text }],
    ['the same by another name', { $ref: '#/$defs/a', $defs: { a: text } }, { $ref: '#/$defs/b', $defs: { b: text } }],
    ['a type that holds itself', tree(text), tree({ type: ['string', 'number'] })],
    ['the whole within itself', { properties: { a: { $ref: '#' } } }, { properties: { a: { $ref: '#' } }, title: 'x' }],
    ['words beside a reference', { items: { $ref: '#/$defs/a', title: 'x' }, $defs: { a: text } }, { items: text }],
    ['a reference to an item', { $ref: '#/allOf/0', allOf: [text] }, { allOf: [text] }],
    ['a reference to anything', { items: text }, { items: { $ref: '#/$defs/a' }, $defs: { a: true } }],
  ])('[SCH-3] go on: %s', (_, known, next) => {
    expect(backward(known, next)).toEqual([]);
  });

  it.each([
    ['a member that is required now', open, { ...open, required: ['a'] }, 'a: the new version requires it'],
    ['a type less', { type: ['string', 'null'] }, text, ': the new version does not allow null'],
    ['a narrower type', { type: 'number' }, { type: 'integer' }, ': the new version does not allow number'],
    ['a value less', { enum: ['a', 'b'] }, { enum: ['a'] }, ': the new version does not allow "b"'],
    ['values alone', text, { type: 'string', enum: ['a'] }, ': the new version allows certain values alone'],
    [
      'values of another type',
      { enum: [1, null, [], {}] },
      { type: 'integer' },
      ': the new version does not allow null',
    ],
    [
      'a member that went',
      closed,
      { type: 'object', additionalProperties: false },
      'a: the new version does not have it and allows no other members',
    ],
    ['others that are not allowed now', open, closed, ': the new version allows no other members'],
    [
      'others that are of a type now',
      { additionalProperties: true },
      { additionalProperties: text },
      '.*: the new version does not allow null',
    ],
    ['a larger minimum', { minimum: 1 }, { minimum: 2 }, ': the new version has a larger minimum'],
    ['a shorter text', { maxLength: 9 }, { maxLength: 8 }, ': the new version has a smaller maxLength'],
    ['a larger step', { multipleOf: 2 }, { multipleOf: 4 }, ': the new version has another multipleOf'],
    ['unique items', {}, { uniqueItems: true }, ': the new version allows no item twice'],
    ['another pattern', { pattern: 'a' }, { pattern: 'b' }, ': the new version has another pattern'],
    [
      'a member of another type',
      open,
      { type: 'object', properties: { a: { type: 'number' } } },
      'a: the new version does not allow string',
    ],
    [
      'items of another type',
      { items: { properties: { p: text } } },
      { items: { properties: { p: { type: 'null' } } } },
      '[].p: the new version does not allow string',
    ],
    [
      'a named item of another type',
      { items: text },
      { prefixItems: [{ type: 'null' }], items: text },
      '[0]: the new version does not allow string',
    ],
    [
      'a choice less',
      { anyOf: [text, { type: 'null' }] },
      { anyOf: [text] },
      ': the new version has fewer choices in anyOf',
    ],
    [
      'a choice that narrows',
      { oneOf: [text] },
      { oneOf: [{ ...text, maxLength: 1 }] },
      ': the new version has a smaller maxLength',
    ],
    ['more demands', {}, { allOf: [text] }, ': the new version demands more in allOf'],
    ['a demand that narrows', { allOf: [{}] }, { allOf: [{ minItems: 1 }] }, ': the new version has a larger minItems'],
    [
      'what cannot be proven',
      { not: { $ref: '#/$defs/a' }, $defs: { a: text } },
      { not: { $ref: '#/$defs/a' }, $defs: { a: {} } },
      ': the new version has another not',
    ],
    [
      'nothing at all',
      { properties: { a: {} } },
      { properties: { a: false } },
      'a: the new version allows nothing here',
    ],
    [
      'a reference to nowhere',
      { properties: { a: text } },
      { properties: { a: { $ref: '#x' } } },
      'a: the new version refers to what cannot be found',
    ],
    ['a type that holds itself', tree(text), tree({ type: 'number' }), 'leaf: the new version does not allow string'],
    [
      'a reference in a circle',
      { properties: { a: text } },
      { $defs: { a: { $ref: '#/$defs/a' } }, properties: { a: { $ref: '#/$defs/a' } } },
      'a: the new version refers to what cannot be found',
    ],
  ])('[SCH-3] break: %s', (_, known, next, change) => {
    expect(backward(known, next)).toContain(change);
  });

  it('[SCH-3] are held to readers, to both or to nothing, as the level says', () => {
    const more = { ...closed, properties: { a: text, b: text } };
    const changes = (level: 'forward' | 'full' | 'none'): readonly string[] =>
      checkCompatibility(json(closed), json(more), level).map(({ path, change }) => `${path}: ${change}`);
    const readers = 'b: the known version does not have it and allows no other members';
    expect([changes('forward'), changes('full'), changes('none')]).toEqual([[readers], [readers], []]);
    const protobuf: SchemaSource = { kind: 'protobuf', bytes: new Uint8Array(0), message: '' };
    expect(checkCompatibility(json(text), protobuf, 'full')).toEqual([
      { path: '', change: 'the kind is protobuf and was json' },
    ]);
    const many = { enum: Array.from({ length: 200 }, (_, i) => i) };
    expect(checkCompatibility(json(many), json({ enum: [1] }), 'backward')).toHaveLength(50);
  });

  it('[SCH-3] are compared in bounded time, however they refer to themselves', () => {
    const wild = (leaf: object): object => ({
      $ref: '#/$defs/n',
      $defs: {
        n: {
          properties: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, { $ref: '#/$defs/n' }])),
          items: leaf,
        },
      },
    });
    expect(backward(wild(text), wild({ type: 'number' }))).toEqual(['[]: the new version does not allow string']);
  });
});

const number: FieldInit = { name: 'n', number: 1, type: 'INT32' };
const inner = (type: FieldInit['type']): MessageInit => message('Inner', [{ name: 'x', number: 1, type }]);

function protobuf(
  fields: readonly FieldInit[],
  more: readonly MessageInit[] = [],
  options: Parameters<typeof descriptorSet>[1] & { readonly parts?: Omit<MessageInit, 'name' | 'field'> } = {},
): SchemaSource {
  const { parts = {}, ...rest } = options;
  return {
    kind: 'protobuf',
    bytes: descriptorSet([...more, message('Root', fields, parts)], rest),
    message: 'shop.v1.Root',
  };
}

function between(
  known: SchemaSource,
  next: SchemaSource,
  level: 'backward' | 'forward' = 'backward',
): readonly string[] {
  return checkCompatibility(known, next, level).map(({ path, change }) => `${path}: ${change}`);
}

describe('versions of a Protobuf message', () => {
  const state: FieldInit = { name: 's', number: 2, type: '.shop.v1.State', isEnum: true };
  const enums = (values: Readonly<Record<string, number>>): Parameters<typeof descriptorSet>[1] => ({
    enums: { State: values },
  });

  it('[SCH-3] go on with a field or a value more', () => {
    expect(between(protobuf([number]), protobuf([number, { name: 'm', number: 2, type: 'STRING' }]))).toEqual([]);
    const [few, many] = [enums({ A: 0 }), enums({ A: 0, B: 1 })] as const;
    expect(between(protobuf([state], [], few), protobuf([state], [], many))).toEqual([]);
    expect(between(protobuf([state], [], few), protobuf([state], [], many), 'forward')).toEqual([
      's: the known version does not have the value B',
    ]);
  });

  it.each([
    ['n: the new version does not have the field 1', [number], []],
    ['n: the new version calls the field 1 m', [number], [{ ...number, name: 'm' }]],
    ['n: the new version has the type string in place of int32', [number], [{ ...number, type: 'STRING' }]],
    ['n: the new version has the type repeated int32 in place of int32', [number], [{ ...number, label: 'repeated' }]],
    [
      'n: the new version has other rules for its value',
      [number],
      [{ ...number, rules: { type: { case: 'int32', value: { lessThan: { case: 'lt', value: 9 } } } } }],
    ],
  ] as const)('[SCH-3] break: %s', (change, known, next) => {
    expect(between(protobuf(known), protobuf(next))).toEqual([change]);
  });

  it('[SCH-3] break with a required field, in either direction', () => {
    const proto2 = { syntax: 'proto2' } as const;
    const required: FieldInit = { ...number, label: 'required' };
    const [optional, strict] = [protobuf([number], [], proto2), protobuf([required], [], proto2)];
    expect(between(optional, strict)).toEqual(['n: the new version requires it']);
    expect(between(strict, optional)).toEqual([]);
    expect(between(strict, optional, 'forward')).toEqual(['n: the known version requires it']);
    expect(between(protobuf([], [], proto2), strict)).toEqual(['n: the new version requires it']);
  });

  it('[SCH-3] break in a oneof, an enum, a message within and a map', () => {
    const parts = { oneofDecl: [{ name: 'choice' }] };
    expect(between(protobuf([number]), protobuf([{ ...number, oneof: 0 }], [], { parts }))).toEqual([
      'n: the new version has it in the oneof choice',
    ]);
    expect(between(protobuf([state], [], enums({ A: 0, B: 1 })), protobuf([state], [], enums({ A: 0, C: 1 })))).toEqual(
      ['s: the new version calls the value 1 C'],
    );
    const held: FieldInit = { name: 'i', number: 3, type: '.shop.v1.Inner', label: 'repeated' };
    expect(between(protobuf([held], [inner('INT32')]), protobuf([held], [inner('BOOL')]))).toEqual([
      'i[].x: the new version has the type bool in place of int32',
    ]);
    const map: FieldInit = { name: 'm', number: 4, type: '.shop.v1.Root.MEntry', label: 'repeated' };
    const mapOf = (value: FieldInit['type']): SchemaSource =>
      protobuf([map], [], { parts: { nestedType: [mapEntry('MEntry', 'STRING', value)] } });
    expect(between(mapOf('INT32'), mapOf('BOOL'))).toEqual([
      'm: the new version has the type map<string, bool> in place of map<string, int32>',
    ]);
  });

  it('[SCH-3] break where a well-known type is another one, and may hold themselves', () => {
    const when = (type: FieldInit['type']): SchemaSource => protobuf([{ name: 't', number: 1, type }]);
    expect(between(when('.google.protobuf.Timestamp'), when('.google.protobuf.Duration'))).toEqual([
      't: the new version has google.protobuf.Duration in place of google.protobuf.Timestamp',
    ]);
    const self = protobuf([{ name: 'next', number: 1, type: '.shop.v1.Root' }]);
    const wider = protobuf([
      { name: 'next', number: 1, type: '.shop.v1.Root' },
      { ...number, number: 2 },
    ]);
    expect([between(self, wider), between(wider, self)]).toEqual([
      [],
      ['n: the new version does not have the field 2'],
    ]);
  });
});
