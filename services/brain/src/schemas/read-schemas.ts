import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ListedSchemaSchema, create } from '@arqonbus/protocol/spine-messages';
import type {
  GetSchemaRequest,
  ListSchemasRequest,
  ListedSchema,
  SchemaBinding,
  SchemaVersion,
} from '@arqonbus/protocol/spine-messages';
import { parseSchemaKey, schemaPrefix } from '@arqonbus/spine';
import { takePage } from '../paging/page.ts';
import { parseTenantOrSystem } from '../requests/parse-request.ts';
import type { SchemasParts } from './schemas-parts.ts';
import { parseSchemaId, readBindings, recordIn, requireSchema } from './stored-schemas.ts';

/** One version of a schema, the newest where none is named. Throws `NOT_FOUND`. */
export async function getSchema(
  request: GetSchemaRequest,
  { bucket }: SchemasParts,
): Promise<{
  readonly version: SchemaVersion;
  readonly compatibility: string;
  readonly shared: boolean;
  readonly kept: number[];
}> {
  const found = await requireSchema(bucket, parseTenantOrSystem(request.tenant), parseSchemaId(request.schemaId));
  const { versions, compatibility } = found.record;
  const version = request.version === 0 ? found.newest : versions.find((one) => one.version === request.version);
  if (version === undefined) throw new BusError('NOT_FOUND', 'There is no such version, or it is kept no longer.');
  return { version, compatibility, shared: found.isShared, kept: versions.map((one) => one.version) };
}

/** The schemas that a tenant may use, its own and the shared ones, by id; with the first page, its bindings. */
export async function listSchemas(
  { tenant: asked, cursor, limit }: ListSchemasRequest,
  parts: SchemasParts,
): Promise<{ readonly items: ListedSchema[]; readonly cursor: string; readonly bindings: SchemaBinding[] }> {
  const tenant = parseTenantOrSystem(asked);
  const own = await listSpace(tenant, parts);
  const shared = tenant === SYSTEM_TENANT ? [] : await listSpace(SYSTEM_TENANT, parts);
  const known = new Set(own.map(({ schemaId }) => schemaId));
  const all = [...own, ...shared.filter(({ schemaId }) => !known.has(schemaId))];
  const sorted = all.toSorted((a, b) => (a.schemaId < b.schemaId ? -1 : 1));
  const paging = {
    keyOf: ({ schemaId }: ListedSchema) => schemaId,
    sizeOf: () => ITEM_BYTES,
    pageBytes: parts.pageBytes,
  };
  const page = takePage(sorted, { cursor, limit }, paging);
  const isFirst = cursor === '' && tenant !== SYSTEM_TENANT;
  return { ...page, bindings: isFirst ? [...(await readBindings(parts.bucket, tenant)).bindings] : [] };
}

/** Names, times and a digest in a JSON frame. */
const ITEM_BYTES = 800;

async function listSpace(tenant: TenantId, { bucket }: SchemasParts): Promise<readonly ListedSchema[]> {
  const entries = await bucket.list(schemaPrefix(tenant));
  return entries.flatMap((entry) => {
    const schemaId = parseSchemaKey(entry.key)?.schemaId;
    const record = recordIn(entry);
    const version = record?.versions.at(-1);
    if (schemaId === undefined || record === undefined || version === undefined) return [];
    const { compatibility } = record;
    const bare = { ...version, source: new Uint8Array(0) };
    return [create(ListedSchemaSchema, { schemaId, version: bare, compatibility, shared: tenant === SYSTEM_TENANT })];
  });
}
