/** A JSON Schema that is an object. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** Keywords whose value is one schema. */
export const SINGLE: ReadonlySet<string> = new Set([
  'items',
  'contains',
  'additionalProperties',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
/** Keywords whose value is a list of schemas. */
export const LISTS: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
/** Keywords whose value is schemas by name. */
export const MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

/** True for a JSON object. */
export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same schema with every schema in it, and then itself, rewritten. */
export function rewriteSchemas(schema: unknown, rewrite: (schema: SchemaObject) => SchemaObject): unknown {
  if (!isObject(schema)) return schema;
  const within = (value: unknown): unknown => rewriteSchemas(value, rewrite);
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (SINGLE.has(keyword)) return [keyword, within(value)];
    if (LISTS.has(keyword) && Array.isArray(value)) return [keyword, value.map(within)];
    if (MAPS.has(keyword) && isObject(value)) {
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, within(inner)]))];
    }
    return [keyword, value];
  });
  return rewrite(Object.fromEntries(entries));
}
