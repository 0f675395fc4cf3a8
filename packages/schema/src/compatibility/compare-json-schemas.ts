import { isDeepStrictEqual } from 'node:util';
import type { SchemaObject } from '../json/subschemas.ts';
import { isObject } from '../json/subschemas.ts';
import { childPath } from '../violation.ts';
import type { Breaks } from './break.ts';
import { compareKeywords } from './compare-keywords.ts';
import { resolveReference } from './resolve-reference.ts';

/**
 * Finds where a JSON Schema refuses what another one accepts. Where the answer would take a proof, such as for `not` or a
 * changed `pattern`, it is a break. A member that the wider schema does not name may be named by the narrower one: every
 * optional member that is added would be a break else.
 */
export function compareJsonSchemas(wide: SchemaObject, narrow: SchemaObject, breaks: Breaks): void {
  if (isDeepStrictEqual(wide, narrow)) return;
  const comparison = { breaks, roots: { wide, narrow }, compared: new Set<string>() };
  compare(wide, narrow, '', comparison);
}

interface Comparison {
  readonly breaks: Breaks;
  readonly roots: { readonly wide: SchemaObject; readonly narrow: SchemaObject };
  /** Pairs of references that are compared already, or are being so. */
  readonly compared: Set<string>;
}

const MAX_PAIRS = 10_000;

function compare(wideGiven: unknown, narrowGiven: unknown, path: string, comparison: Comparison): void {
  const { breaks, roots, compared } = comparison;
  const pair = `${referenceOf(wideGiven)} ${referenceOf(narrowGiven)}`;
  if (pair !== ' ') {
    if (compared.has(pair) || compared.size > MAX_PAIRS) return;
    compared.add(pair);
  }
  const wide = resolveReference(wideGiven, roots.wide);
  const narrow = resolveReference(narrowGiven, roots.narrow);
  if (wide === false || narrow === true) return;
  if (narrow === false) return breaks.add(path, 'allows nothing here');
  if (!isObject(narrow) || (!isObject(wide) && wide !== true))
    return breaks.add(path, 'refers to what cannot be found');
  const from: SchemaObject = isObject(wide) ? wide : {};
  compareKeywords(from, narrow, path, breaks);
  compareMembers(from, narrow, path, comparison);
  compareItems(from, narrow, path, comparison);
  compareChoices(from, narrow, path, comparison);
}

function referenceOf(schema: unknown): string {
  return isObject(schema) && typeof schema['$ref'] === 'string' ? schema['$ref'] : '';
}

function compareMembers(wide: SchemaObject, narrow: SchemaObject, path: string, comparison: Comparison): void {
  const { breaks } = comparison;
  const known = membersOf(wide);
  const next = membersOf(narrow);
  for (const name of listOf(narrow['required'])) {
    if (!listOf(wide['required']).includes(name)) breaks.add(childPath(path, name), 'requires it');
  }
  const others = narrow['additionalProperties'] ?? true;
  for (const [name, schema] of Object.entries(known)) {
    const at = childPath(path, name);
    if (Object.hasOwn(next, name)) compare(schema, next[name], at, comparison);
    else if (isDeepStrictEqual(wide['patternProperties'], narrow['patternProperties'])) {
      if (others === false) breaks.add(at, 'does not have it and allows no other members');
      else compare(schema, others, at, comparison);
    }
  }
  const othersOfWide = wide['additionalProperties'] ?? true;
  if (othersOfWide === false) return;
  if (others === false) breaks.add(path, 'allows no other members');
  else compare(othersOfWide, others, `${path}.*`, comparison);
}

function compareItems(wide: SchemaObject, narrow: SchemaObject, path: string, comparison: Comparison): void {
  const [first, next] = [schemasOf(wide['prefixItems']), schemasOf(narrow['prefixItems'])];
  for (let i = 0; i < Math.max(first.length, next.length); i++) {
    const from = first[i] ?? wide['items'] ?? true;
    compare(from, next[i] ?? narrow['items'] ?? true, childPath(path, i), comparison);
  }
  compare(wide['items'] ?? true, narrow['items'] ?? true, `${path}[]`, comparison);
}

/** Each choice of the wider one must fit into one of the narrower one; all that the narrower one demands must be demanded. */
function compareChoices(wide: SchemaObject, narrow: SchemaObject, path: string, comparison: Comparison): void {
  for (const keyword of ['anyOf', 'oneOf']) {
    const choices = schemasOf(narrow[keyword]);
    if (choices.length === 0) continue;
    const from = schemasOf(wide[keyword]);
    if (from.length === 0 || from.length > choices.length)
      comparison.breaks.add(path, `has fewer choices in ${keyword}`);
    else from.forEach((choice, i) => compare(choice, choices[i], path, comparison));
  }
  const demands = schemasOf(narrow['allOf']);
  const demanded = schemasOf(wide['allOf']);
  if (demands.length > demanded.length) comparison.breaks.add(path, 'demands more in allOf');
  else demands.forEach((demand, i) => compare(demanded[i], demand, path, comparison));
}

function membersOf({ properties }: SchemaObject): SchemaObject {
  return isObject(properties) ? properties : {};
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function schemasOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
