import { checkCompatibility, compileSchema } from '@arqonbus/schema';
import type { CompiledSchema, SchemaSource } from '@arqonbus/schema';
import { encodeOrder, orderDescriptors } from '@arqonbus/schema/testing';
import type { FuzzTarget } from '../fuzz-target.ts';
import { mutateBytes, mutateText } from '../mutations.ts';

const encoder = new TextEncoder();
const texts = [
  '{"type":"object","required":["text"],"additionalProperties":false,"properties":{"text":{"type":"string","maxLength":9}}}',
  '{"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"},"v":{"enum":[1,"a",null]}}}},"$ref":"#/$defs/n"}',
  '{"type":"array","uniqueItems":true,"contains":{"const":{"a":1}},"prefixItems":[{"pattern":"^(a+)+$"}],"items":{"multipleOf":0.01}}',
  '{"allOf":[{"minProperties":1},{"patternProperties":{"^x-":{"type":["string","null"]}}}],"if":{"required":["a"]},"then":{"not":{}}}',
  '{"dependentSchemas":{"a":{"minProperties":2}},"propertyNames":{"maxLength":3},"unevaluatedProperties":false,"oneOf":[{},true]}',
];
const payloads = ['{"text":"hello","next":{"v":7}}', '["aaaaaaaaaaaaaaaaaaaab",{"a":1},{"a":1}]', '7', 'null'].map(
  (text) => encoder.encode(text),
);
const order = encodeOrder({
  id: 'DE-17',
  quantity: -3,
  items: [{ sku: 'A', price: 2.5 }, {}],
  state: 'STATE_PLACED',
  numbers: ['-9007199254740993'],
  labels: { gift: 'yes' },
  placedAt: '2026-11-26T10:00:00Z',
  invoice: true,
  parent: { id: 'DE-16' },
  blob: 'AAEC',
  stock: { '7': { sku: 'B' } },
});
const orders: SchemaSource = { kind: 'protobuf', bytes: orderDescriptors, message: 'shop.v1.Order' };
const orderSchema = compiled(orders);

/** JSON Schemas of tenants: refused with a word, or used and compared without a throw (SCH-1, SCH-3). */
export const jsonSchemas: FuzzTarget = {
  name: 'json-schemas',
  make: (random) => encoder.encode(mutateText(texts[random(texts.length)] ?? '', random)),
  check: (bytes) => {
    const first = encoder.encode(texts[0]);
    checkSchema({ kind: 'json', bytes, message: '' }, { kind: 'json', bytes: first, message: '' });
  },
};

/** Descriptors of tenants, likewise. */
export const descriptors: FuzzTarget = {
  name: 'descriptors',
  // What is in front are the imports, which are never looked at.
  make: (random) => {
    const own = orderDescriptors.length - 1_200;
    return Buffer.concat([orderDescriptors.subarray(0, own), mutateBytes(orderDescriptors.subarray(own), random)]);
  },
  check: (bytes) => checkSchema({ kind: 'protobuf', bytes, message: 'shop.v1.Order' }, orders),
};

/** Payloads in Protobuf: refused with a path, or carried over to JSON and back to what is accepted, too (SCH-2, SAF-6). */
export const protobufPayloads: FuzzTarget = {
  name: 'protobuf-payloads',
  make: (random) => mutateBytes(order, random),
  check: (bytes) => {
    const contentType = 'application/x-protobuf';
    if (orderSchema.violations({ bytes, contentType }).length > 0) return;
    const { mapping } = orderSchema;
    const again = mapping?.toPayload(mapping.toJson(bytes));
    const violations = again === undefined ? [] : orderSchema.violations({ bytes: again, contentType });
    if (violations.length > 0) throw new Error(`what was carried over is refused: ${JSON.stringify(violations)}`);
  },
};

function compiled(source: SchemaSource): CompiledSchema {
  const result = compileSchema(source);
  if (!result.ok) throw new Error(result.problem);
  return result.schema;
}

function checkSchema(source: SchemaSource, known: SchemaSource): void {
  const result = compileSchema(source);
  if (!result.ok) {
    if (result.problem === '') throw new Error('refused without a word');
    return;
  }
  for (const bytes of payloads) result.schema.violations({ bytes, contentType: 'application/json' });
  result.schema.violations({ bytes: order, contentType: 'application/x-protobuf' });
  for (const level of ['full', 'none'] as const) checkCompatibility(known, source, level);
}
