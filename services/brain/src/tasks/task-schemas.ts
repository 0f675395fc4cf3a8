import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { compileSchema } from '@arqonbus/schema';
import type { CompiledSchema, Violation } from '@arqonbus/schema';
import type { KeyValue } from '@arqonbus/spine';
import { parseSchemaId, requireSchema, sourceOf } from '../schemas/stored-schemas.ts';

/** A schema is read again after so long: a new version counts from then on. */
const FRESH_MS = 60_000;
const MAX_SCHEMAS = 1_024;

interface Read {
  readonly schema: CompiledSchema;
  readonly atMs: number;
}

/** The schemas that operators hold payloads of tasks to (OPR-1), of all tenants of a partition. */
export class TaskSchemas {
  readonly #bucket: KeyValue;
  readonly #monotonicMs: () => number;
  readonly #read = new Map<string, Read>();

  constructor(bucket: KeyValue, monotonicMs: () => number) {
    this.#bucket = bucket;
    this.#monotonicMs = monotonicMs;
  }

  /** Throws `NOT_FOUND` where there is no such schema; '' = none is asked for. */
  async check(tenant: TenantId, schemaId: string): Promise<void> {
    if (schemaId !== '') await this.#schema(tenant, parseSchemaId(schemaId));
  }

  /** What is wrong with a JSON text by this schema. */
  async violations(tenant: TenantId, schemaId: string, json: Uint8Array): Promise<readonly Violation[]> {
    if (schemaId === '') return [];
    return (await this.#schema(tenant, schemaId)).violations({ bytes: json, contentType: 'application/json' });
  }

  async #schema(tenant: TenantId, schemaId: string): Promise<CompiledSchema> {
    const key = `${tenant}/${schemaId}`;
    const known = this.#read.get(key);
    const nowMs = this.#monotonicMs();
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.schema;
    const { newest } = await requireSchema(this.#bucket, tenant, schemaId);
    const compiled = compileSchema(sourceOf(newest));
    if (!compiled.ok) throw new BusError('SCHEMA_VIOLATION', 'The stored schema cannot be used.');
    if (this.#read.size >= MAX_SCHEMAS) this.#read.clear();
    this.#read.set(key, { schema: compiled.schema, atMs: nowMs });
    return compiled.schema;
  }
}

/** The refusal of a payload; it names the first few places. */
export function violated(schemaId: string, violations: readonly Violation[]): BusError {
  const [first] = violations;
  const where = first === undefined ? '' : `: ${first.path === '' ? 'payload' : first.path} ${first.message}`;
  return new BusError('SCHEMA_VIOLATION', `The payload does not fit ${schemaId}${where}`.slice(0, MAX_TEXT));
}

const MAX_TEXT = 400;
