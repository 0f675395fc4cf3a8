import { Ajv2020 } from 'ajv/dist/2020.js';
import type { KeywordCxt, ValidateFunction } from 'ajv';
import { _ } from 'ajv';
import { isJsonContentType } from '@arqonbus/protocol';
import type { CompiledSchema } from '../compiled-schema.ts';
import { SchemaProblem } from '../schema-problem.ts';
import type { Violation } from '../violation.ts';
import { areUnique } from './are-unique.ts';
import { compileLinearPattern } from './linear-pattern.ts';
import { DIALECT, readJsonSchema } from './read-json-schema.ts';
import { rewriteSchemas } from './subschemas.ts';
import type { SchemaObject } from './subschemas.ts';
import { violationsOf } from './violations-of.ts';
import { MAX_WORK, TooMuchWork, WorkBudget } from './work-budget.ts';

/**
 * Compiles a JSON Schema 2020-12. Nothing is fetched: what a `$ref` names must lie in the schema itself. Expressions are
 * those of RE2, and what a payload may cost is bounded, whatever the schema (SCH-2). Throws where it is no schema.
 */
export function compileJsonSchema(bytes: Uint8Array): CompiledSchema {
  const schema = readJsonSchema(bytes);
  const budget = new WorkBudget();
  const validate = compile(schema, budget);
  return { kind: 'json', violations: (payload) => check(payload, validate, budget) };
}

const MISSING: readonly Violation[] = [{ path: '', message: 'is missing' }];
const NO_JSON: readonly Violation[] = [{ path: '', message: 'must be JSON, by its content type' }];
const TOO_COSTLY: readonly Violation[] = [{ path: '', message: 'takes more work to check than is allowed' }];
const NONE: readonly Violation[] = Object.freeze([]);
const decoder = new TextDecoder();

function check(
  { bytes, contentType }: Parameters<CompiledSchema['violations']>[0],
  validate: ValidateFunction,
  budget: WorkBudget,
): readonly Violation[] {
  if (!isJsonContentType(contentType)) return NO_JSON;
  if (bytes.length === 0) return MISSING;
  const value: unknown = JSON.parse(decoder.decode(bytes));
  budget.open(MAX_WORK);
  try {
    return validate(value) ? NONE : violationsOf(validate.errors ?? [], value);
  } catch (error) {
    // A schema that refers to itself for the same value runs out of stack before it runs out of work.
    if (error instanceof TooMuchWork || error instanceof RangeError) return TOO_COSTLY;
    throw error;
  }
}

const WORK = 'x-arqonbus-work';

function compile(schema: SchemaObject, budget: WorkBudget): ValidateFunction {
  const engine = Object.assign((pattern: string) => compileLinearPattern(pattern, budget), { code: 'linearPattern' });
  const ajv = new Ajv2020({
    strict: true,
    // What authors of schemas usually do; the rest of strict mode finds misspelt keywords.
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    allowUnionTypes: true,
    validateFormats: false,
    allErrors: true,
    meta: false,
    validateSchema: false,
    logger: false,
    code: { regExp: engine },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not have the same item twice' },
    validate: (isOn: boolean, items: readonly unknown[]) => !isOn || areUnique(items, budget),
  });
  ajv.addKeyword({
    keyword: WORK,
    schemaType: 'number',
    code: (context: KeywordCxt) => {
      const { gen, schema: units } = context;
      const kept = gen.scopeValue('obj', { ref: budget });
      gen.code(_`${kept}.spend(${units as number})`);
    },
  });
  checkDialect(schema);
  return ajv.compile(rewriteSchemas(schema, withWork) as SchemaObject);
}

let dialect: ValidateFunction | undefined;

/** The schema of schemas is compiled once; it is ours, so nothing bounds it. */
function checkDialect(schema: SchemaObject): void {
  dialect ??= new Ajv2020({ logger: false }).getSchema(DIALECT);
  if (dialect === undefined) throw new Error('Ajv has no schema of schemas');
  if (dialect(schema)) return;
  const [first] = dialect.errors ?? [];
  throw new SchemaProblem(
    `is not valid at ${first?.instancePath === '' ? 'its root' : first?.instancePath}: ${first?.message}`,
  );
}

/** Charges each schema with about what its own keywords cost, every time it is applied. */
function withWork(schema: SchemaObject): SchemaObject {
  if ('$async' in schema || WORK in schema) throw new SchemaProblem('has a keyword that is not of JSON Schema 2020-12');
  if (Object.keys(schema).length === 0) return schema;
  const units = Object.values(schema).reduce((sum: number, value) => sum + sizeOf(value), 1);
  return { ...schema, [WORK]: units };
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return 1 + Object.keys(value).length;
}
