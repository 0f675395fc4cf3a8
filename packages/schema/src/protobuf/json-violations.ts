import { ScalarType, fromJson } from '@bufbuild/protobuf';
import type { DescField, DescMessage, JsonValue, Registry } from '@bufbuild/protobuf';
import { MAX_VIOLATIONS, childPath } from '../violation.ts';
import type { Violation } from '../violation.ts';

/**
 * Finds what keeps a JSON value from being this message by the JSON mapping of Protobuf. The library says only that it is
 * none, so its parts are tried one by one; that is slow, and happens to who is refused.
 */
export function locateJsonViolations(message: DescMessage, json: JsonValue, registry: Registry): readonly Violation[] {
  const found: Violation[] = [];
  locate(message, json, '', { registry, found });
  return found;
}

interface Search {
  readonly registry: Registry;
  readonly found: Violation[];
}

function locate(message: DescMessage, json: JsonValue, path: string, search: Search): void {
  const before = search.found.length;
  // Timestamps, wrappers and their like have a form of their own.
  if (!isObject(json) || message.typeName.startsWith('google.protobuf.')) {
    search.found.push({ path, message: `must be a ${message.typeName}` });
    return;
  }
  for (const [name, value] of Object.entries(json)) {
    if (search.found.length >= MAX_VIOLATIONS) return;
    const field = message.fields.find((candidate) => candidate.jsonName === name || candidate.name === name);
    if (field === undefined) search.found.push({ path: childPath(path, name), message: 'is not in the schema' });
    else if (value !== undefined && !fits(message, { [name]: value }, search))
      locateIn(field, name, value, path, search);
  }
  if (search.found.length === before) search.found.push({ path, message: 'sets a field or a oneof twice' });
}

function locateIn(field: DescField, name: string, value: JsonValue, path: string, search: Search): void {
  const at = childPath(path, name);
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    value.forEach((item, index) => locateItem(field, { [name]: [item] }, item, childPath(at, index), search));
  } else if (field.fieldKind === 'map' && isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) locateItem(field, { [name]: { [key]: item } }, item, childPath(at, key), search);
    }
  } else if (field.fieldKind === 'message') locate(field.message, value, at, search);
  else search.found.push({ path: at, message: `must be ${wordOf(field)}` });
}

function locateItem(field: DescField, alone: JsonValue, item: JsonValue, path: string, search: Search): void {
  if (search.found.length >= MAX_VIOLATIONS || fits(field.parent, alone, search)) return;
  if (field.message !== undefined) locate(field.message, item, path, search);
  else search.found.push({ path, message: `must be ${itemWordOf(field)}` });
}

function fits(message: DescMessage, json: JsonValue, { registry }: Search): boolean {
  try {
    fromJson(message, json, { registry });
    return true;
  } catch {
    return false;
  }
}

function isObject(json: JsonValue): json is { [name: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function wordOf(field: DescField): string {
  if (field.fieldKind === 'list') return 'a list';
  return field.fieldKind === 'map' ? 'an object' : itemWordOf(field);
}

function itemWordOf({ enum: values, scalar }: DescField): string {
  if (values !== undefined) return `a value of ${values.typeName}`;
  return scalar === undefined ? 'another value' : `a value of type ${ScalarType[scalar].toLowerCase()}`;
}
