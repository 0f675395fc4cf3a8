import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import type {
  ListSubstratesRequest,
  ListSubstratesResultSchema,
  RegisterSubstrateRequest,
  RegisterSubstrateResultSchema,
  UnregisterSubstrateRequest,
} from '@arqonbus/protocol/spine-messages';
import type { OmegaSubstrate } from '@arqonbus/storage';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId, parseUser } from '../requests/parse-request.ts';
import { labOf, requireOmega } from './omega-parts.ts';
import type { OmegaParts } from './omega-parts.ts';
import { substrateRecordOf } from './omega-record.ts';
import { parseMetadata, parseOmegaName, parseSubstrateId } from './parse-omega.ts';

/** Names of the fields and the time of one substrate in a JSON frame. */
const FIELDS_BYTES = 160;

/** Registers a substrate, or changes the one of this name; audited. */
export async function registerSubstrate(
  parts: OmegaParts,
  request: RegisterSubstrateRequest,
): Promise<MessageInitShape<typeof RegisterSubstrateResultSchema>> {
  requireOmega(parts);
  const { store, audit, settings, clock, metrics } = parts;
  const tenant = parseTenant(request.tenant);
  const name = parseOmegaName(request.name, 'name');
  const substrate: OmegaSubstrate = {
    substrateId: idOf(name),
    name,
    kind: parseOmegaName(request.kind, 'kind'),
    metadata: parseMetadata(request.metadata),
    registeredBy: parseUser(request.requestedBy),
    registeredAtMs: clock.now(),
  };
  const action = {
    tenant,
    actor: parseRequester(request.requestedBy),
    action: 'op.omega.register_substrate',
    target: `substrate:${substrate.substrateId}`,
    traceId: parseTraceId(request.traceId),
    details: { name, kind: substrate.kind },
  };
  await audit.run(action, async () => {
    if (await store.putSubstrate(tenant, substrate, settings.maxSubstrates)) return;
    metrics?.refused('quota');
    throw new BusError('QUOTA_EXCEEDED', `A tenant has at most ${settings.maxSubstrates} substrates.`);
  });
  return { substrate: substrateRecordOf(substrate) };
}

/** One substrate a name, so that whoever got no answer may register it again. */
function idOf(name: string): string {
  return `s_${createHash('sha256').update(name).digest('base64url').slice(0, 16)}`;
}

/** Takes a substrate away; audited. */
export async function unregisterSubstrate(
  parts: OmegaParts,
  request: UnregisterSubstrateRequest,
): Promise<{ readonly removed: boolean }> {
  requireOmega(parts);
  const tenant = parseTenant(request.tenant);
  const substrateId = parseSubstrateId(request.substrateId);
  const action = {
    tenant,
    actor: parseRequester(request.requestedBy),
    action: 'op.omega.unregister_substrate',
    target: `substrate:${substrateId}`,
    traceId: parseTraceId(request.traceId),
  };
  return { removed: await parts.audit.run(action, () => parts.store.removeSubstrate(tenant, substrateId)) };
}

/** Lists substrates. */
export async function listSubstrates(
  parts: OmegaParts,
  request: ListSubstratesRequest,
): Promise<MessageInitShape<typeof ListSubstratesResultSchema>> {
  requireOmega(parts);
  const known = await parts.store.substrates(parseTenant(request.tenant));
  const paging = { keyOf: ({ substrateId }: OmegaSubstrate) => substrateId, sizeOf, pageBytes: parts.pageBytes };
  const page = takePage(known, request, paging);
  return { lab: labOf(parts), items: page.items.map(substrateRecordOf), cursor: page.cursor };
}

function sizeOf({ metadata, registeredBy }: OmegaSubstrate): number {
  return FIELDS_BYTES + Buffer.byteLength(metadata) + jsonBytes(registeredBy);
}
