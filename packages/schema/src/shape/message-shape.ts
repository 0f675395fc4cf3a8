import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import type { SchemaObject } from '../json/subschemas.ts';
import { reachableMessages } from '../protobuf/reachable-messages.ts';

/** The JSON mapping of a Protobuf message as a JSON Schema: every message and enum a definition under its full name. */
export function messageShape(message: DescMessage): SchemaObject {
  const definitions = new Map<string, SchemaObject>();
  for (const reached of reachableMessages(message)) {
    if (wellKnown[reached.typeName] === undefined) definitions.set(reached.typeName, shapeOf(reached));
    for (const { enum: values } of reached.fields) if (values !== undefined) definitions.set(...enumShape(values));
  }
  return { ...shapeOfType(message), $defs: Object.fromEntries(definitions) };
}

/** Messages whose JSON is not that of their fields. */
const wellKnown: Readonly<Record<string, SchemaObject>> = {
  'google.protobuf.Any': {
    type: 'object',
    properties: { '@type': { type: 'string' } },
    required: ['@type'],
  },
  'google.protobuf.BoolValue': { type: ['boolean', 'null'] },
  'google.protobuf.BytesValue': { type: ['string', 'null'] },
  'google.protobuf.DoubleValue': { type: ['number', 'null'] },
  'google.protobuf.Duration': { type: 'string' },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.FloatValue': { type: ['number', 'null'] },
  'google.protobuf.Int32Value': { type: ['integer', 'null'] },
  'google.protobuf.Int64Value': { type: ['string', 'null'] },
  'google.protobuf.ListValue': { type: 'array' },
  'google.protobuf.StringValue': { type: ['string', 'null'] },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.Timestamp': { type: 'string' },
  'google.protobuf.UInt32Value': { type: ['integer', 'null'] },
  'google.protobuf.UInt64Value': { type: ['string', 'null'] },
  'google.protobuf.Value': {},
};

function shapeOf({ typeName, fields }: DescMessage): SchemaObject {
  const required = fields.filter(({ presence }) => presence === Presence.LEGACY_REQUIRED);
  return {
    title: titleOf(typeName),
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.jsonName, shapeOfField(field)])),
    ...(required.length === 0 ? {} : { required: required.map(({ jsonName }) => jsonName) }),
    additionalProperties: false,
  };
}

function enumShape({ typeName, values }: DescEnum): readonly [string, SchemaObject] {
  if (typeName === 'google.protobuf.NullValue') return [typeName, { type: 'null' }];
  return [typeName, { title: titleOf(typeName), type: 'string', enum: values.map(({ name }) => name) }];
}

function titleOf(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

function shapeOfField(field: DescField): SchemaObject {
  const one = shapeOfItem(field);
  if (field.fieldKind === 'list') return { type: 'array', items: one };
  return field.fieldKind === 'map' ? { type: 'object', additionalProperties: one } : one;
}

function shapeOfItem({ message, enum: values, scalar }: DescField): SchemaObject {
  if (message !== undefined) return shapeOfType(message);
  if (values !== undefined) return { $ref: `#/$defs/${values.typeName}` };
  return { type: typeOfScalar(scalar) };
}

function shapeOfType({ typeName }: DescMessage): SchemaObject {
  return wellKnown[typeName] ?? { $ref: `#/$defs/${typeName}` };
}

/** Numbers of 64 bits are written as texts, since not every reader of JSON has them. */
function typeOfScalar(scalar: ScalarType | undefined): string {
  switch (scalar) {
    case ScalarType.BOOL:
      return 'boolean';
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 'number';
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 'integer';
    default:
      return 'string';
  }
}
