import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { BrainRequest, Spine } from '@arqonbus/spine';
import type { OperatorAnswer, OperatorRequest, OperatorRoutes } from '@arqonbus/telemetry';

const PREFIX = '/schemas';
/** A schema, perhaps as base64. */
const MAX_BODY_BYTES = 262_144;

/**
 * Answers `GET /schemas`, and `PUT` (`{"kind", "schema" or "descriptor", …}` as of `op.schema.register`) and `DELETE` of
 * `/schemas/<id>`: the schemas that all tenants may read and bind (SCH-1). `spine` is undefined before it is open.
 */
export function createSchemaRoutes(token: string, spine: () => Spine | undefined): OperatorRoutes {
  return {
    prefix: PREFIX,
    maxBodyBytes: MAX_BODY_BYTES,
    token,
    handle: async (request) => {
      const open = spine();
      if (open === undefined) throw new BusError('UNAVAILABLE');
      return answer(request, open);
    },
  };
}

async function answer({ method, path, body, remoteAddress }: OperatorRequest, spine: Spine): Promise<OperatorAnswer> {
  const schemaId = path.slice(PREFIX.length + 1);
  const asked = { tenant: SYSTEM_TENANT, schemaId, requestedBy: remoteAddress, traceId: '' };
  const deadlineMs = deadlineIn(BRAIN_TIMEOUT_MS);
  if (method === 'GET' && schemaId === '') return list(spine, deadlineMs);
  if (method === 'PUT' && schemaId !== '') {
    const candidate = candidateOf(parseBody(body));
    return put(await callBrain(spine, 'schemas.register', { ...asked, candidate }, deadlineMs), schemaId);
  }
  if (method !== 'DELETE' || schemaId === '')
    throw new BusError('VALIDATION_ERROR', 'GET of /schemas, PUT and DELETE of one schema are answered here.');
  const { deleted } = await callBrain(spine, 'schemas.delete', asked, deadlineMs);
  return { status: 200, body: { schema_id: schemaId, deleted } };
}

async function list(spine: Spine, deadlineMs: number): Promise<OperatorAnswer> {
  const { items } = await callBrain(spine, 'schemas.list', { tenant: SYSTEM_TENANT, limit: MAX_LISTED }, deadlineMs);
  const schemas = items.map(({ schemaId, version }) => ({
    schema_id: schemaId,
    version: version?.version,
    kind: version?.kind,
    digest: version?.digest,
  }));
  return { status: 200, body: { schemas } };
}

const MAX_LISTED = 1_000;

function put(
  { version, digest, breaks }: Awaited<ReturnType<typeof callBrain<'schemas.register'>>>,
  schemaId: string,
): OperatorAnswer {
  if (breaks.length === 0) return { status: 200, body: { schema_id: schemaId, version, digest } };
  const told = breaks.slice(0, MAX_TOLD).map(({ path, change }) => `${path === '' ? 'the whole' : path}: ${change}`);
  throw new BusError('CONFLICT', `The version breaks what the newest one promises: ${told.join('; ')}.`);
}

const MAX_TOLD = 5;

type Candidate = NonNullable<BrainRequest<'schemas.register'>['candidate']>;

function candidateOf(body: Readonly<Record<string, unknown>>): Candidate {
  const { schema, descriptor } = body;
  const kind = textOf(body['kind']);
  const source =
    kind === 'json'
      ? new TextEncoder().encode(JSON.stringify(schema ?? null))
      : new Uint8Array(Buffer.from(textOf(descriptor), 'base64'));
  return { kind, source, message: textOf(body['message']), compatibility: textOf(body['compatibility']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseBody(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Told below, as any other body that is no object.
  }
  throw new BusError('VALIDATION_ERROR', 'The body must be a JSON object such as {"kind": "json", "schema": {}}.');
}
