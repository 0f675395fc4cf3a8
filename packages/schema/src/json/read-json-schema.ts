import { readSource } from '../read-source.ts';
import { SchemaProblem } from '../schema-problem.ts';
import { isObject } from './subschemas.ts';
import type { SchemaObject } from './subschemas.ts';

/** The only dialect there is here. */
export const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const MAX_DEPTH = 64;
const MAX_NODES = 20_000;

/** The schema in this text: an object after JSON Schema 2020-12. Throws a {@link SchemaProblem} for anything else. */
export function readJsonSchema(bytes: Uint8Array): SchemaObject {
  const schema = parse(readSource(bytes));
  if (!isObject(schema)) throw new SchemaProblem('is no JSON object');
  const { $schema: dialect = DIALECT, ...rest } = schema;
  if (dialect !== DIALECT && dialect !== `${DIALECT}#`) {
    throw new SchemaProblem(`is not after JSON Schema 2020-12 (${DIALECT})`);
  }
  const size = { nodes: 0 };
  measure(rest, 0, size);
  return rest;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new SchemaProblem('is no JSON');
  }
}

function measure(value: unknown, depth: number, size: { nodes: number }): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new SchemaProblem(`is nested deeper than ${MAX_DEPTH}`);
  const members = Object.values(value);
  size.nodes += members.length;
  if (size.nodes > MAX_NODES) throw new SchemaProblem(`has more than ${MAX_NODES} members`);
  for (const member of members) measure(member, depth + 1, size);
}
