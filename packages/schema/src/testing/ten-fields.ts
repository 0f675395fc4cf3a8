import { createFileRegistry, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSet, message } from './descriptor-set.ts';
import type { FieldInit } from './descriptor-set.ts';

/** For benchmarks: a message of ten fields, as JSON. */
export const TEN_FIELDS: JsonObject = {
  orderId: '5f7c8ec7-c33c-4c00-8bba-fe82aabbccdd',
  customer: 'lena@example.org',
  quantity: 3,
  price: 129.95,
  paid: true,
  placedAtMs: '1760000000123',
  lines: [17, 4, 230],
  note: 'Bitte an der Tür klingeln',
  currency: 'EUR',
  state: 2,
};

const positive: NonNullable<FieldInit['rules']> = {
  type: { case: 'int32', value: { greaterThan: { case: 'gt', value: 0 } } },
};
const unique: NonNullable<FieldInit['rules']> = { type: { case: 'repeated', value: { unique: true } } };

const fields: readonly FieldInit[] = [
  { name: 'order_id', number: 1, type: 'STRING' },
  { name: 'customer', number: 2, type: 'STRING' },
  { name: 'quantity', number: 3, type: 'INT32', rules: positive },
  { name: 'price', number: 4, type: 'DOUBLE' },
  { name: 'paid', number: 5, type: 'BOOL' },
  { name: 'placed_at_ms', number: 6, type: 'INT64' },
  { name: 'lines', number: 7, type: 'INT32', label: 'repeated', rules: unique },
  { name: 'note', number: 8, type: 'STRING' },
  { name: 'currency', number: 9, type: 'STRING' },
  { name: 'state', number: 10, type: 'INT32' },
];

/** For benchmarks: the descriptors of that message, with rules of `buf.validate` or without. */
export function tenFieldsDescriptors(hasRules: boolean): Uint8Array {
  const own = fields.map(({ rules, ...rest }) => (hasRules && rules !== undefined ? { ...rest, rules } : rest));
  return descriptorSet([message('TenFields', own)]);
}

/** For benchmarks: the message, encoded. */
export function encodeTenFields(): Uint8Array {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, tenFieldsDescriptors(false)));
  const type = registry.getMessage('shop.v1.TenFields');
  if (type === undefined) throw new Error('the descriptors have no such message');
  return toBinary(type, fromJson(type, TEN_FIELDS));
}
