import { compileJsonSchema } from './json/compile-json-schema.ts';
import { compileProtobufSchema } from './protobuf/compile-protobuf-schema.ts';
import type { CompiledSchema } from './compiled-schema.ts';
import { SchemaProblem } from './schema-problem.ts';
import type { SchemaSource } from './schema-source.ts';

/** A schema, or why it is none. */
export type CompileResult =
  | { readonly ok: true; readonly schema: CompiledSchema; readonly message: string }
  | { readonly ok: false; readonly problem: string };

/** Makes a schema ready, or says what is wrong with it; nobody's schema throws, waits or reaches for the network. */
export function compileSchema(source: SchemaSource): CompileResult {
  try {
    if (source.kind === 'json') return { ok: true, schema: compileJsonSchema(source.bytes), message: '' };
    const { schema, message } = compileProtobufSchema(source.bytes, source.message);
    return { ok: true, schema, message };
  } catch (error) {
    if (error instanceof SchemaProblem) return { ok: false, problem: error.message };
    // The libraries say what is wrong in their own words, and a text that is nested deeply enough is a RangeError.
    const text = error instanceof Error ? error.message : 'it cannot be read';
    return { ok: false, problem: `cannot be used: ${text.slice(0, MAX_PROBLEM_LENGTH)}` };
  }
}

const MAX_PROBLEM_LENGTH = 300;
