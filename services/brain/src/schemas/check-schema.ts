import { BusError } from '@arqonbus/protocol';
import type { CheckSchemaRequest, SchemaBreak } from '@arqonbus/protocol/spine-messages';
import { compileSchema } from '@arqonbus/schema';
import type { Compatibility } from '@arqonbus/schema';
import { parseTenantOrSystem } from '../requests/parse-request.ts';
import { parseCandidate } from './parse-candidate.ts';
import { breaksBetween, wireBreak } from './register-schema.ts';
import type { SchemasParts } from './schemas-parts.ts';
import { findSchema, parseSchemaId, requireSchema, sourceOf } from './stored-schemas.ts';

/**
 * Says what registering a candidate would come to, and what is wrong with a payload by it, or by the schema as it is
 * registered. Changes nothing.
 */
export async function checkSchema(
  { candidate, payload, contentType, ...request }: CheckSchemaRequest,
  { bucket }: SchemasParts,
): Promise<{ readonly breaks: SchemaBreak[]; readonly violations: SchemaBreak[] }> {
  const tenant = parseTenantOrSystem(request.tenant);
  const schemaId = parseSchemaId(request.schemaId);
  if (candidate === undefined) {
    const { newest } = await requireSchema(bucket, tenant, schemaId);
    const compiled = compileSchema(sourceOf(newest));
    if (!compiled.ok) throw new BusError('SCHEMA_VIOLATION', 'The stored schema cannot be used.');
    return { breaks: [], violations: violationsOf(compiled.schema, payload, contentType) };
  }
  const parsed = parseCandidate(candidate);
  const known = await findSchema(bucket, tenant, schemaId);
  const level = parsed.compatibility ?? ((known?.record.compatibility ?? 'backward') as Compatibility);
  return {
    breaks: breaksBetween(known?.newest, parsed, level),
    violations: violationsOf(parsed.schema, payload, contentType),
  };
}

function violationsOf(
  schema: ReturnType<typeof parseCandidate>['schema'],
  bytes: Uint8Array | undefined,
  contentType: string,
): SchemaBreak[] {
  if (bytes === undefined) return [];
  return schema.violations({ bytes, contentType }).map(({ path, message }) => wireBreak({ path, change: message }));
}
