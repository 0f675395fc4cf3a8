import { isDeepStrictEqual } from 'node:util';
import type { SchemaObject } from '../json/subschemas.ts';
import type { Breaks } from './break.ts';

const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** What can only be told to be the same or another. */
const OPAQUE = [
  'pattern',
  'patternProperties',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedItems',
  'unevaluatedProperties',
  '$dynamicRef',
];

/** Finds where what a schema says of a value itself is narrower than what another one says. */
export function compareKeywords(wide: SchemaObject, narrow: SchemaObject, path: string, breaks: Breaks): void {
  compareTypes(wide, narrow, path, breaks);
  compareValues(wide, narrow, path, breaks);
  for (const keyword of LOWER_BOUNDS) {
    if (boundOf(narrow, keyword, -Infinity) > boundOf(wide, keyword, -Infinity))
      breaks.add(path, `has a larger ${keyword}`);
  }
  for (const keyword of UPPER_BOUNDS) {
    if (boundOf(narrow, keyword, Infinity) < boundOf(wide, keyword, Infinity))
      breaks.add(path, `has a smaller ${keyword}`);
  }
  const [step, next] = [wide['multipleOf'], narrow['multipleOf']];
  if (typeof next === 'number' && !(typeof step === 'number' && step % next === 0))
    breaks.add(path, 'has another multipleOf');
  if (narrow['uniqueItems'] === true && wide['uniqueItems'] !== true) breaks.add(path, 'allows no item twice');
  for (const keyword of OPAQUE) {
    if (keyword in narrow && !isTheSame(wide[keyword], narrow[keyword])) breaks.add(path, `has another ${keyword}`);
  }
}

/** What refers to something else may be another thing in another schema, however alike it is written. */
function isTheSame(wide: unknown, narrow: unknown): boolean {
  return isDeepStrictEqual(wide, narrow) && !JSON.stringify(narrow).includes('"$ref"');
}

/** No lower bound at all is as good as one of 0 where nothing is smaller. */
function boundOf(schema: SchemaObject, keyword: string, none: number): number {
  const bound = schema[keyword];
  if (typeof bound === 'number') return bound;
  return none < 0 && /Length|Items|Properties/.test(keyword) ? 0 : none;
}

const ALL_TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];

function compareTypes(wide: SchemaObject, narrow: SchemaObject, path: string, breaks: Breaks): void {
  if (narrow['type'] === undefined) return;
  const allowed = typesOf(narrow);
  const isAllowed = (type: string): boolean =>
    allowed.includes(type) || (type === 'integer' && allowed.includes('number'));
  const types = valuesOf(wide)?.map(typeOfValue) ?? typesOf(wide);
  for (const type of new Set(types)) if (!isAllowed(type)) breaks.add(path, `does not allow ${type}`);
}

function typesOf({ type }: SchemaObject): readonly string[] {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.map(String) : ALL_TYPES;
}

function compareValues(wide: SchemaObject, narrow: SchemaObject, path: string, breaks: Breaks): void {
  const allowed = valuesOf(narrow);
  if (allowed === undefined) return;
  const values = valuesOf(wide);
  if (values === undefined) return breaks.add(path, 'allows certain values alone');
  for (const value of values) {
    if (!allowed.some((other) => isDeepStrictEqual(other, value)))
      breaks.add(path, `does not allow ${JSON.stringify(value).slice(0, MAX_VALUE_LENGTH)}`);
  }
}

const MAX_VALUE_LENGTH = 64;

function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  const values = schema['enum'];
  return Array.isArray(values) ? values : undefined;
}
