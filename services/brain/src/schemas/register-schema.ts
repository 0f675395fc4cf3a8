import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { SchemaRecordSchema, SchemaVersionSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type {
  RegisterSchemaRequest,
  SchemaBreak,
  SchemaRecord,
  SchemaVersion,
} from '@arqonbus/protocol/spine-messages';
import { checkCompatibility } from '@arqonbus/schema';
import type { Break, Compatibility } from '@arqonbus/schema';
import { schemaKey, schemaPrefix } from '@arqonbus/spine';
import type { KeyValueEntry } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseTenantOrSystem } from '../requests/parse-request.ts';
import { outcomeOfTry, replaceEntry } from '../requests/replace-entry.ts';
import type { EntryTry } from '../requests/replace-entry.ts';
import { parseCandidate } from './parse-candidate.ts';
import type { ParsedCandidate } from './parse-candidate.ts';
import { actionOf } from './schemas-parts.ts';
import type { SchemasParts } from './schemas-parts.ts';
import { parseSchemaId, recordIn, sourceOf } from './stored-schemas.ts';

/** What came of a registration. */
export interface Registered {
  readonly version: number;
  readonly digest: string;
  readonly breaks: SchemaBreak[];
}

const DEFAULT_COMPATIBILITY = 'backward';
const MAX_VERSIONS = 10;
const MAX_RECORD_BYTES = 524_288;

/**
 * Registers a version of a schema, unless it breaks what the newest one promises (SCH-3); what is the newest one already
 * is told as that. Throws `VALIDATION_ERROR`, `QUOTA_EXCEEDED` and `CONFLICT`.
 */
export async function registerSchema(request: RegisterSchemaRequest, parts: SchemasParts): Promise<Registered> {
  const tenant = parseTenantOrSystem(request.tenant);
  const schemaId = parseSchemaId(request.schemaId);
  const candidate = parseCandidate(request.candidate);
  if (tenant !== SYSTEM_TENANT && recordIn(await parts.bucket.get(schemaKey(SYSTEM_TENANT, schemaId))) !== undefined)
    throw new BusError('CONFLICT', 'A schema of this id is shared by all tenants.');
  const key = schemaKey(tenant, schemaId);
  return replaceEntry(parts.bucket, key, (entry) =>
    register(entry, candidate, { ...request, tenant, schemaId }, parts),
  );
}

interface Wish extends Pick<RegisterSchemaRequest, 'requestedBy' | 'traceId'> {
  readonly tenant: TenantId;
  readonly schemaId: string;
}

async function register(
  { known, put }: EntryTry,
  candidate: ParsedCandidate,
  { tenant, schemaId, ...asked }: Wish,
  parts: SchemasParts,
): Promise<Registered | undefined> {
  const before = recordIn(known);
  const newest = before?.versions.at(-1);
  const level = candidate.compatibility ?? levelOf(before);
  if (newest?.digest === candidate.digest && level === levelOf(before))
    return { version: newest.version, digest: newest.digest, breaks: [] };
  const breaks = breaksBetween(newest, candidate, level);
  const { digest } = candidate;
  if (breaks.length > 0) return { version: 0, digest, breaks };
  const version = createVersion(newest, candidate, asked.requestedBy, parts.now());
  // `none` is for once: the next version is held to what was promised before.
  const compatibility = level === 'none' ? levelOf(before) : level;
  const record = encode({ compatibility, versions: [...(before?.versions ?? []), version] });
  await checkQuota(tenant, known, record, parts);
  const action = {
    ...actionOf('op.schema.register', tenant, `schema:${schemaId}`, asked),
    before: digestOf(known?.value),
    after: digestOf(record),
    details: { version: version.version, kind: version.kind, digest, compatibility: level },
  };
  const revision = await parts.audit.run(action, () => put(record), outcomeOfTry(action.before));
  if (revision === undefined) return undefined;
  const about = { tenant, schema_id: schemaId, version: version.version, changed_by: asked.requestedBy };
  parts.logger?.info({ event: 'schema_registered', ...about }, 'a schema has a new version');
  return { version: version.version, digest, breaks: [] };
}

function levelOf(record: SchemaRecord | undefined): Compatibility {
  return (record?.compatibility ?? DEFAULT_COMPATIBILITY) as Compatibility;
}

/** The breaks between a stored version and a candidate. */
export function breaksBetween(
  newest: SchemaVersion | undefined,
  { source }: ParsedCandidate,
  level: Compatibility,
): SchemaBreak[] {
  if (newest === undefined) return [];
  return checkCompatibility(sourceOf(newest), source, level).map(wireBreak);
}

/** A break as it travels. */
export function wireBreak({ path, change }: Break): SchemaBreak {
  return { $typeName: 'arqon.v1.SchemaBreak', path, change };
}

function createVersion(
  newest: SchemaVersion | undefined,
  { source, digest }: ParsedCandidate,
  createdBy: string,
  nowMs: number,
): SchemaVersion {
  return create(SchemaVersionSchema, {
    version: (newest?.version ?? 0) + 1,
    kind: source.kind,
    source: source.bytes,
    message: source.message,
    digest,
    createdAtMs: BigInt(nowMs),
    createdBy,
  });
}

/** The record of the latest versions that fit into one; the newest always does. */
function encode({ compatibility, versions }: Pick<SchemaRecord, 'compatibility' | 'versions'>): Uint8Array {
  for (let kept = versions.slice(-MAX_VERSIONS); ; kept = kept.slice(1)) {
    const record = toBinary(SchemaRecordSchema, create(SchemaRecordSchema, { compatibility, versions: kept }));
    if (record.length <= MAX_RECORD_BYTES || kept.length === 1) return record;
  }
}

async function checkQuota(
  tenant: TenantId,
  known: KeyValueEntry | undefined,
  record: Uint8Array,
  { bucket, limits }: SchemasParts,
): Promise<void> {
  // The operator's own space has no quota but the size of one schema.
  if (tenant === SYSTEM_TENANT) return;
  const others = (await bucket.list(schemaPrefix(tenant))).filter(({ key }) => key !== known?.key);
  const bytes = others.reduce((sum, { value }) => sum + value.length, record.length);
  if (known === undefined && others.length >= limits.schemasPerTenant)
    throw new BusError('QUOTA_EXCEEDED', `The tenant has ${limits.schemasPerTenant} schemas already.`);
  if (bytes > limits.schemaBytesPerTenant)
    throw new BusError(
      'QUOTA_EXCEEDED',
      `The schemas of the tenant would take more than ${limits.schemaBytesPerTenant} bytes.`,
    );
}
