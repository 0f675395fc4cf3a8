import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { SchemaBindingSchema, SchemaBindingsSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { BindSchemaRequest, SchemaBinding, UnbindSchemaRequest } from '@arqonbus/protocol/spine-messages';
import { isBindingPattern } from '@arqonbus/schema';
import { schemaBindingsKey } from '@arqonbus/spine';
import type { KeyValueEntry } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseTenant } from '../requests/parse-request.ts';
import { outcomeOfTry, replaceEntry } from '../requests/replace-entry.ts';
import { actionOf } from './schemas-parts.ts';
import type { ChangeRequest, SchemasParts } from './schemas-parts.ts';
import { bindingsIn, parseSchemaId, requireSchema } from './stored-schemas.ts';

/** Binds a pattern to a schema that is there; a pattern that is bound already changes over (SCH-2). */
export async function bindSchema({ binding, ...request }: BindSchemaRequest, parts: SchemasParts): Promise<object> {
  const tenant = parseTenant(request.tenant);
  const made = parseBinding(binding, parts.now());
  const asked = { requestedBy: made.boundBy, traceId: request.traceId };
  await requireSchema(parts.bucket, tenant, made.schemaId);
  const change: Change = {
    action: 'op.schema.bind',
    pattern: made.pattern,
    details: { schema_id: made.schemaId, mode: made.mode },
    apply: (known) => {
      const others = known.filter(({ pattern }) => pattern !== made.pattern);
      if (others.length >= parts.limits.schemaBindingsPerTenant)
        throw new BusError(
          'QUOTA_EXCEEDED',
          `The tenant has ${parts.limits.schemaBindingsPerTenant} bindings already.`,
        );
      return [...others, made];
    },
  };
  await changeBindings(tenant, change, asked, parts);
  return {};
}

/** Takes a binding away. */
export async function unbindSchema(
  request: UnbindSchemaRequest,
  parts: SchemasParts,
): Promise<{ readonly unbound: boolean }> {
  const tenant = parseTenant(request.tenant);
  const pattern = parsePattern(request.pattern);
  const change: Change = {
    action: 'op.schema.unbind',
    pattern,
    details: {},
    apply: (known) => known.filter((other) => other.pattern !== pattern),
  };
  return { unbound: await changeBindings(tenant, change, request, parts) };
}

interface Change {
  readonly action: string;
  readonly pattern: string;
  readonly details: Readonly<Record<string, string>>;
  apply(known: readonly SchemaBinding[]): readonly SchemaBinding[];
}

function changeBindings(
  tenant: TenantId,
  change: Change,
  asked: ChangeRequest,
  { bucket, audit, logger }: SchemasParts,
): Promise<boolean> {
  const key = schemaBindingsKey(tenant);
  return replaceEntry(bucket, key, async ({ known, put }): Promise<boolean | undefined> => {
    const before = bindingsIn(known);
    const after = change.apply(before);
    if (after.length === before.length && change.action === 'op.schema.unbind') return false;
    const record = toBinary(SchemaBindingsSchema, create(SchemaBindingsSchema, { bindings: [...after] }));
    const action = actionOf(change.action, tenant, `binding:${change.pattern}`, asked);
    const audited = { ...action, ...digestsOf(known, record), details: change.details };
    const revision = await audit.run(audited, () => put(record), outcomeOfTry(audited.before));
    if (revision === undefined) return undefined;
    const about = { tenant, pattern: change.pattern, ...change.details, changed_by: asked.requestedBy };
    logger?.info({ event: 'schema_bindings_changed', ...about }, 'bindings of schemas are changed');
    return true;
  });
}

function digestsOf(
  known: KeyValueEntry | undefined,
  record: Uint8Array,
): { readonly before: string; readonly after: string } {
  return { before: digestOf(known?.value), after: digestOf(record) };
}

function parseBinding(binding: SchemaBinding | undefined, nowMs: number): SchemaBinding {
  if (binding === undefined) throw new BusError('VALIDATION_ERROR', 'The binding is missing.');
  const { mode, boundBy } = binding;
  if (mode !== 'enforce' && mode !== 'warn' && mode !== 'off')
    throw new BusError('VALIDATION_ERROR', 'The mode is enforce, warn or off.');
  const [pattern, schemaId] = [parsePattern(binding.pattern), parseSchemaId(binding.schemaId)];
  return create(SchemaBindingSchema, { pattern, schemaId, mode, boundBy, boundAtMs: BigInt(nowMs) });
}

function parsePattern(pattern: string): string {
  if (isBindingPattern(pattern)) return pattern;
  throw new BusError('VALIDATION_ERROR', 'The pattern is malformed; write room:channel, with * for anything.');
}
