import { readJsonSchema } from '../json/read-json-schema.ts';
import type { SchemaObject } from '../json/subschemas.ts';
import { readDescriptor } from '../protobuf/read-descriptor.ts';
import type { SchemaSource } from '../schema-source.ts';
import { messageShape } from './message-shape.ts';
import { plainShape } from './plain-shape.ts';

/** Payloads in JSON as types can describe them: a JSON Schema without bounds, formats and conditions. Throws where it is no schema. */
export function payloadShape({ kind, bytes, message }: SchemaSource): SchemaObject {
  return kind === 'json' ? plainShape(readJsonSchema(bytes)) : messageShape(readDescriptor(bytes, message).message);
}
