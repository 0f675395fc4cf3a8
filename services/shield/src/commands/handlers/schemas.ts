import { gunzipSync } from 'node:zlib';
import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { SchemaBreak, SchemaVersion } from '@arqonbus/protocol/spine-messages';
import { isProtobufContentType } from '@arqonbus/schema';
import { callBrain } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import { jsonBytes } from '../../delivery/frames.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { traceIdOf } from '../trace-id.ts';
import { nextPage } from '../next-page.ts';

/** Registers a version (SCH-3). */
export async function registerSchema(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.schema.register'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.register'>>> {
  const { schema_id: schemaId } = args;
  const asked = { requestedBy: session.user, traceId: traceIdOf(envelope) };
  const request = { tenant: session.tenant, schemaId, candidate: candidateOf(args), ...asked };
  const { version, digest, breaks } = await callBrain(spine, 'schemas.register', request, deadlineMs);
  if (breaks.length > 0) {
    const details = { breaks: breaks.map(breakOf) };
    throw new BusError('CONFLICT', 'The version breaks what the newest one promises.', { details });
  }
  return { result: { schema_id: schemaId, version, digest } };
}

/** Shows a version. */
export async function getSchema(
  { session, deadlineMs }: CommandCall,
  { schema_id: schemaId, version = 0 }: CommandArgs<'op.schema.get'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.get'>>> {
  const found = await callBrain(spine, 'schemas.get', { tenant: session.tenant, schemaId, version }, deadlineMs);
  if (found.version === undefined) throw new BusError('NOT_FOUND');
  const { source, kind } = found.version;
  const text =
    kind === 'json'
      ? { schema: JSON.parse(gunzipSync(source).toString('utf8')) as CommandResult<'op.schema.get'>['schema'] & object }
      : { descriptor: Buffer.from(source).toString('base64') };
  return { result: { ...aboutVersion(schemaId, found.version, found), versions: found.kept, ...text } };
}

/** Lists schemas and bindings. */
export async function listSchemas(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.schema.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.list'>>> {
  const page = await callBrain(spine, 'schemas.list', { tenant: session.tenant, cursor, limit }, deadlineMs);
  const items = page.items.flatMap((item) =>
    item.version === undefined ? [] : [aboutVersion(item.schemaId, item.version, item)],
  );
  const bindings = page.bindings.map(({ pattern, schemaId, mode }) => ({
    pattern,
    schema_id: schemaId,
    mode: mode as Mode,
  }));
  return { result: { items, bindings, ...nextPage(page) } };
}

type Mode = CommandArgs<'op.schema.bind'>['mode'];

/** Binds a pattern to a schema (SCH-2). */
export async function bindSchema(
  { session, envelope, deadlineMs }: CommandCall,
  { schema_id: schemaId, pattern, mode }: CommandArgs<'op.schema.bind'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.bind'>>> {
  const binding = { pattern, schemaId, mode, boundBy: session.user };
  await callBrain(spine, 'schemas.bind', { tenant: session.tenant, binding, traceId: traceIdOf(envelope) }, deadlineMs);
  return { result: { pattern, schema_id: schemaId, mode } };
}

/** Takes a binding away. */
export async function unbindSchema(
  { session, envelope, deadlineMs }: CommandCall,
  { pattern }: CommandArgs<'op.schema.unbind'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.unbind'>>> {
  const asked = { requestedBy: session.user, traceId: traceIdOf(envelope) };
  const { unbound } = await callBrain(
    spine,
    'schemas.unbind',
    { tenant: session.tenant, pattern, ...asked },
    deadlineMs,
  );
  return { result: { unbound } };
}

/** Deletes a schema. */
export async function deleteSchema(
  { session, envelope, deadlineMs }: CommandCall,
  { schema_id: schemaId }: CommandArgs<'op.schema.delete'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.delete'>>> {
  const asked = { requestedBy: session.user, traceId: traceIdOf(envelope) };
  const { deleted } = await callBrain(
    spine,
    'schemas.delete',
    { tenant: session.tenant, schemaId, ...asked },
    deadlineMs,
  );
  return { result: { deleted } };
}

/** Tries a version, a payload, or both. */
export async function checkSchema(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'op.schema.check'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.schema.check'>>> {
  const { schema_id: schemaId, payload, content_type: contentType = 'application/json', kind } = args;
  const request: BrainRequest<'schemas.check'> = {
    tenant: session.tenant,
    schemaId,
    contentType,
    ...(kind === undefined ? {} : { candidate: candidateOf({ ...args, kind }) }),
    ...(payload === undefined ? {} : { payload: payloadOf(payload, contentType) }),
  };
  const { breaks, violations } = await callBrain(spine, 'schemas.check', request, deadlineMs);
  const told = violations.map(({ path, change: message }) => ({ path, message }));
  return { result: { breaks: breaks.map(breakOf), violations: told } };
}

type Candidate = NonNullable<BrainRequest<'schemas.register'>['candidate']>;

function candidateOf({
  kind,
  schema,
  descriptor,
  message = '',
  compatibility = '' as const,
}: Pick<CommandArgs<'op.schema.register'>, 'kind' | 'schema' | 'descriptor' | 'message'> & {
  readonly compatibility?: string;
}): Candidate {
  if (kind === 'json') {
    if (schema === undefined) throw invalid([{ field: 'args.schema', problem: 'is required' }]);
    return { kind, source: jsonBytes(schema), message: '', compatibility };
  }
  if (descriptor === undefined) throw invalid([{ field: 'args.descriptor', problem: 'is required' }]);
  return { kind, source: parseBase64(descriptor, 'args.descriptor'), message, compatibility };
}

function payloadOf(payload: unknown, contentType: string): Uint8Array {
  if (!isProtobufContentType(contentType)) return jsonBytes(payload);
  return parseBase64(typeof payload === 'string' ? payload : '?', 'args.payload');
}

function parseBase64(text: string, field: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replaceAll('=', '') === text.replaceAll('=', '')) return bytes;
  throw invalid([{ field, problem: 'is no base64' }]);
}

function breakOf({ path, change }: SchemaBreak): { readonly path: string; readonly change: string } {
  return { path, change };
}

type Item = CommandResult<'op.schema.list'>['items'][number];

function aboutVersion(
  schemaId: string,
  { kind, message, version, digest, createdAtMs, createdBy }: SchemaVersion,
  { compatibility, shared }: { readonly compatibility: string; readonly shared: boolean },
): Item {
  return {
    schema_id: schemaId,
    kind: kind === 'json' ? 'json' : 'protobuf',
    ...(message === '' ? {} : { message }),
    version,
    digest,
    compatibility: compatibility as Item['compatibility'],
    shared,
    created_at: formatTime(Number(createdAtMs)),
    // The address that an operator came from is no business of tenants.
    created_by: shared ? 'operator' : createdBy,
  };
}
