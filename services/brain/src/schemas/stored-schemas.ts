import { BusError, SYSTEM_TENANT, isName } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { SchemaBindingsSchema, SchemaRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { SchemaBinding, SchemaRecord, SchemaVersion } from '@arqonbus/protocol/spine-messages';
import type { SchemaSource } from '@arqonbus/schema';
import { schemaBindingsKey, schemaKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';

/** A schema as it is stored. */
export interface StoredSchema {
  readonly record: SchemaRecord;
  readonly newest: SchemaVersion;
  readonly isShared: boolean;
}

/** The id of a schema; throws `VALIDATION_ERROR` for anything else. */
export function parseSchemaId(text: string): string {
  if (isName(text)) return text;
  throw new BusError('VALIDATION_ERROR', 'The id of the schema is malformed.');
}

/** What is stored under a key; undefined where nothing is, or nothing that can be read: it is written anew. */
export function recordIn(entry: KeyValueEntry | undefined): SchemaRecord | undefined {
  const record = entry === undefined ? undefined : readMessage(SchemaRecordSchema, entry.value);
  return record === undefined || record.versions.length === 0 ? undefined : record;
}

/** The bindings in an entry; none where it cannot be read. */
export function bindingsIn(entry: KeyValueEntry | undefined): readonly SchemaBinding[] {
  return entry === undefined ? [] : (readMessage(SchemaBindingsSchema, entry.value)?.bindings ?? []);
}

/** A schema that a tenant may use: its own, or one of those that all may read. */
export async function findSchema(
  bucket: KeyValue,
  tenant: TenantId,
  schemaId: string,
): Promise<StoredSchema | undefined> {
  for (const owner of new Set([tenant, SYSTEM_TENANT])) {
    const record = recordIn(await bucket.get(schemaKey(owner, schemaId)));
    const newest = record?.versions.at(-1);
    if (record !== undefined && newest !== undefined) return { record, newest, isShared: owner === SYSTEM_TENANT };
  }
  return undefined;
}

/** The same, or `NOT_FOUND`. */
export async function requireSchema(bucket: KeyValue, tenant: TenantId, schemaId: string): Promise<StoredSchema> {
  const found = await findSchema(bucket, tenant, schemaId);
  if (found === undefined) throw new BusError('NOT_FOUND', 'There is no such schema.');
  return found;
}

/** The bindings of a tenant, and what they are stored in. */
export async function readBindings(
  bucket: KeyValue,
  tenant: TenantId,
): Promise<{ readonly entry: KeyValueEntry | undefined; readonly bindings: readonly SchemaBinding[] }> {
  const entry = await bucket.get(schemaBindingsKey(tenant));
  return { entry, bindings: bindingsIn(entry) };
}

/** A stored version as the engine takes it. */
export function sourceOf({ kind, source, message }: SchemaVersion): SchemaSource {
  return { kind: kind === 'json' ? 'json' : 'protobuf', bytes: source, message };
}
