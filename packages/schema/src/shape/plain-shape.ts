import { isObject, rewriteSchemas } from '../json/subschemas.ts';
import type { SchemaObject } from '../json/subschemas.ts';

/**
 * What types of programming languages can say of a JSON Schema: members, items, choices, and texts about them. Bounds, formats and
 * conditions go. Gives a schema that allows whatever the given one allows, and may allow more.
 */
export function plainShape(schema: SchemaObject): SchemaObject {
  const shape = rewriteSchemas(schema, plain) as SchemaObject;
  return refersToRoot(shape) ? withNamedRoot(shape) : shape;
}

const ROOT = 'Payload';
/** Where schemas are that others refer to; these keep their place. */
const DEFINITIONS: readonly string[] = ['$defs', 'definitions'];

function plain(schema: SchemaObject): SchemaObject {
  const { items, required, $ref, ...rest } = schema;
  const shape: Record<string, unknown> = { ...typeOf(rest), ...objectOf(rest), ...choicesOf(rest), ...textOf(rest) };
  if (items !== undefined && items !== false) shape['items'] = items;
  if (required !== undefined) shape['required'] = required;
  if ($ref !== undefined) shape['$ref'] = $ref;
  for (const keyword of DEFINITIONS) if (isObject(rest[keyword])) shape[keyword] = withTitles(rest[keyword]);
  return shape;
}

/** Choices among texts stay; others become their types, which is what languages have for them. */
function typeOf({ type, enum: values, const: only }: SchemaObject): SchemaObject {
  const choices = only === undefined ? values : [only];
  if (!Array.isArray(choices) || choices.length === 0) return type === undefined ? {} : { type };
  if (choices.every((choice) => typeof choice === 'string')) return { type: 'string', enum: [...new Set(choices)] };
  return { type: [...new Set(choices.map(nameOfType))] };
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

function objectOf({ properties, patternProperties, additionalProperties: more }: SchemaObject): SchemaObject {
  if (!isObject(properties)) {
    if (isObject(patternProperties)) return {};
    return more === undefined ? {} : { additionalProperties: more };
  }
  const members = Object.entries(properties).filter(([, member]) => member !== false);
  // Members beside named ones have one type in few languages, and it would have to be that of the named ones, too.
  const isClosed = more === false && !isObject(patternProperties);
  return { properties: Object.fromEntries(members), ...(isClosed ? { additionalProperties: false } : {}) };
}

function choicesOf(schema: SchemaObject): SchemaObject {
  const shape: Record<string, unknown> = {};
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) {
    const choices = schema[keyword];
    if (!Array.isArray(choices)) continue;
    const possible = choices.filter((choice) => choice !== false);
    if (possible.length > 0) shape[keyword] = possible;
  }
  return shape;
}

/** A text ends up in comments of programs, which every kind of end of a line may end. */
function textOf({ description }: SchemaObject): SchemaObject {
  if (typeof description !== 'string' || description === '') return {};
  return { description: description.replaceAll(/[^\P{Cc}\n]|[\u2028\u2029]/gu, ' ') };
}

/** What has a name is called by it in the languages, too. */
function withTitles(definitions: SchemaObject): SchemaObject {
  const entries = Object.entries(definitions).map(([name, schema]) => {
    return [name, isObject(schema) ? { ...schema, title: name.replaceAll(/[^A-Za-z0-9]+/g, ' ') } : schema] as const;
  });
  return Object.fromEntries(entries);
}

function refersToRoot(schema: SchemaObject): boolean {
  let isFound = false;
  rewriteSchemas(schema, (inner) => {
    isFound ||= isFromRoot(inner['$ref']);
    return inner;
  });
  return isFound;
}

function isFromRoot(reference: unknown): reference is string {
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference)) return false;
  return !DEFINITIONS.some((keyword) => reference.startsWith(`#/${keyword}/`));
}

/** A root that others refer to becomes a definition, or each language would have it twice. */
function withNamedRoot(schema: SchemaObject): SchemaObject {
  const moved = rewriteSchemas(schema, (inner) => {
    const { $ref: reference } = inner;
    return isFromRoot(reference) ? { ...inner, $ref: `#/$defs/${ROOT}${reference.slice(1)}` } : inner;
  }) as SchemaObject;
  const { $defs, definitions, ...root } = moved;
  return {
    $ref: `#/$defs/${ROOT}`,
    $defs: { ...(isObject($defs) ? $defs : {}), [ROOT]: root },
    ...(definitions === undefined ? {} : { definitions }),
  };
}
