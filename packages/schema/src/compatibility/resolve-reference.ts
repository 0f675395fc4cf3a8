import { isObject } from '../json/subschemas.ts';
import type { SchemaObject } from '../json/subschemas.ts';

const MAX_STEPS = 32;

/**
 * What a schema refers to, with what stands beside its reference laid over; undefined where it cannot be found by following
 * pointers (`#/$defs/item`), as with anchors.
 */
export function resolveReference(schema: unknown, root: SchemaObject): unknown {
  let resolved = schema;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (!isObject(resolved) || typeof resolved['$ref'] !== 'string') return resolved;
    const { $ref: reference, ...beside } = resolved;
    const target = follow(reference, root);
    if (!isObject(target)) return Object.keys(beside).length === 0 ? target : undefined;
    resolved = { ...target, ...beside };
  }
  return undefined;
}

function follow(reference: string, root: SchemaObject): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if ((!isObject(at) && !Array.isArray(at)) || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
