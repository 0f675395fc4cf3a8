import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { DeleteSchemaRequest } from '@arqonbus/protocol/spine-messages';
import { parseSchemaKey, schemaKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseTenantOrSystem } from '../requests/parse-request.ts';
import { outcomeOfTry, replaceEntry } from '../requests/replace-entry.ts';
import { actionOf } from './schemas-parts.ts';
import type { SchemasParts } from './schemas-parts.ts';
import { bindingsIn, parseSchemaId, readBindings } from './stored-schemas.ts';

/** Deletes a schema with all its versions. Throws `CONFLICT` while it is bound: what it enforces would block all. */
export function deleteSchema(
  request: DeleteSchemaRequest,
  parts: SchemasParts,
): Promise<{ readonly deleted: boolean }> {
  const tenant = parseTenantOrSystem(request.tenant);
  const schemaId = parseSchemaId(request.schemaId);
  const { bucket, audit, logger } = parts;
  return replaceEntry(
    bucket,
    schemaKey(tenant, schemaId),
    async ({ known, remove }): Promise<{ deleted: boolean } | undefined> => {
      if (known === undefined) return { deleted: false };
      if (await isBound(bucket, tenant, schemaId))
        throw new BusError('CONFLICT', 'The schema is bound; unbind it first.');
      const action = actionOf('op.schema.delete', tenant, `schema:${schemaId}`, request);
      const before = digestOf(known.value);
      const revision = await audit.run({ ...action, before }, remove, outcomeOfTry(before));
      if (revision === undefined) return undefined;
      const about = { tenant, schema_id: schemaId, changed_by: request.requestedBy };
      logger?.info({ event: 'schema_deleted', ...about }, 'a schema is deleted');
      return { deleted: true };
    },
  );
}

async function isBound(bucket: KeyValue, tenant: TenantId, schemaId: string): Promise<boolean> {
  const binds = (entry: KeyValueEntry | undefined): boolean =>
    bindingsIn(entry).some((one) => one.schemaId === schemaId);
  if (tenant !== SYSTEM_TENANT) return binds((await readBindings(bucket, tenant)).entry);
  // Of what all read, anybody may have bound something.
  return (await bucket.list('')).some((entry) => isBindings(entry) && binds(entry));
}

function isBindings({ key }: KeyValueEntry): boolean {
  const parsed = parseSchemaKey(key);
  return parsed !== undefined && parsed.schemaId === undefined;
}
