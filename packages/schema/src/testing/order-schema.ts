import { createFileRegistry, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { compileSchema } from '../compile-schema.ts';
import type { CompiledSchema } from '../compiled-schema.ts';
import { descriptorSet, mapEntry, message } from './descriptor-set.ts';

/** For tests: an order with a field of each form that there is. */
export const orderDescriptors: Uint8Array = descriptorSet(
  [
    message('Item', [
      { name: 'sku', number: 1, type: 'STRING' },
      { name: 'price', number: 2, type: 'DOUBLE' },
    ]),
    message(
      'Order',
      [
        { name: 'id', number: 1, type: 'STRING' },
        { name: 'quantity', number: 2, type: 'INT32' },
        { name: 'items', number: 3, type: '.shop.v1.Item', label: 'repeated' },
        { name: 'state', number: 4, type: '.shop.v1.State', isEnum: true },
        { name: 'numbers', number: 5, type: 'SINT64', label: 'repeated' },
        { name: 'labels', number: 6, type: '.shop.v1.Order.LabelsEntry', label: 'repeated' },
        { name: 'placed_at', number: 7, type: '.google.protobuf.Timestamp' },
        { name: 'card', number: 8, type: 'STRING', oneof: 0 },
        { name: 'invoice', number: 9, type: 'BOOL', oneof: 0 },
        { name: 'parent', number: 10, type: '.shop.v1.Order' },
        { name: 'blob', number: 11, type: 'BYTES' },
        { name: 'ratio', number: 12, type: 'FLOAT' },
        { name: 'states', number: 13, type: '.shop.v1.State', isEnum: true, label: 'repeated' },
        { name: 'stock', number: 14, type: '.shop.v1.Order.StockEntry', label: 'repeated' },
      ],
      {
        oneofDecl: [{ name: 'payment' }],
        nestedType: [mapEntry('LabelsEntry', 'STRING', 'STRING'), mapEntry('StockEntry', 'INT32', '.shop.v1.Item')],
      },
    ),
  ],
  { enums: { State: { STATE_UNSPECIFIED: 0, STATE_PLACED: 1, STATE_REFUNDED: -2 } } },
);

/** For tests: this message of a descriptor, compiled. */
export function compileMessage(bytes: Uint8Array, name: string): CompiledSchema {
  const compiled = compileSchema({ kind: 'protobuf', bytes, message: name });
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.schema;
}

/** For tests: an order as JSON, encoded. */
export function encodeOrder(json: JsonValue): Uint8Array {
  return toBinary(orderType(), fromJson(orderType(), json));
}

/** For tests: an encoded order as JSON. */
export function decodeOrder(bytes: Uint8Array): JsonValue {
  return toJson(orderType(), fromBinary(orderType(), bytes));
}

/** For tests: the type that these descriptors give an order. */
export function orderType(): DescMessage {
  known ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, orderDescriptors)).getMessage('shop.v1.Order');
  if (known === undefined) throw new Error('the descriptors have no order');
  return known;
}

let known: DescMessage | undefined;
