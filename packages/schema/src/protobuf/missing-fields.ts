import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { isReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { childPath } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** The required fields (proto2) that a message read from JSON does not have. */
export function missingFields(message: DescMessage, value: Message): readonly Violation[] {
  const found: Violation[] = [];
  collect(reflect(message, value), '', found);
  return found;
}

function collect(message: ReflectMessage, path: string, found: Violation[]): void {
  for (const field of message.desc.fields) {
    const at = childPath(path, field.name);
    if (message.isSet(field)) collectIn(message, field, at, found);
    else if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED)
      found.push({ path: at, message: 'is required' });
  }
}

function collectIn(message: ReflectMessage, field: DescField, path: string, found: Violation[]): void {
  const value: unknown = message.get(field);
  if (field.fieldKind === 'message' && isReflectMessage(value)) collect(value, path, found);
  if (field.fieldKind === 'list' && field.listKind === 'message') {
    let index = 0;
    for (const item of value as Iterable<ReflectMessage>) collect(item, childPath(path, index++), found);
  }
  if (field.fieldKind === 'map' && field.mapKind === 'message') {
    for (const [key, item] of value as Iterable<readonly [unknown, ReflectMessage]>) {
      collect(item, childPath(path, String(key)), found);
    }
  }
}
