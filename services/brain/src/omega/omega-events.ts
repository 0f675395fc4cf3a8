import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import type {
  ClearOmegaEventsRequest,
  ListOmegaEventsRequest,
  ListOmegaEventsResultSchema,
} from '@arqonbus/protocol/spine-messages';
import type { OmegaFilter } from '@arqonbus/storage';
import { formatCursor, pageLimit, parseCursor } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { labOf, requireOmega } from './omega-parts.ts';
import type { OmegaParts } from './omega-parts.ts';
import { eventRecordOf } from './omega-record.ts';
import { parseAny, parseOmegaName, parseSubstrateId } from './parse-omega.ts';

/** Lists events, newest first. */
export async function listEvents(
  parts: OmegaParts,
  request: ListOmegaEventsRequest,
): Promise<MessageInitShape<typeof ListOmegaEventsResultSchema>> {
  requireOmega(parts);
  const { events, next } = await parts.store.events(parseTenant(request.tenant), {
    ...filterOf(request),
    before: request.cursor === '' ? '' : parsePosition(parseCursor(request.cursor)),
    limit: pageLimit(request.limit),
    maxBytes: parts.pageBytes,
  });
  return { lab: labOf(parts), items: events.map(eventRecordOf), cursor: next === '' ? '' : formatCursor(next) };
}

/** Removes events; audited. */
export async function clearEvents(
  parts: OmegaParts,
  request: ClearOmegaEventsRequest,
): Promise<{ readonly removed: number; readonly remaining: number }> {
  requireOmega(parts);
  const tenant = parseTenant(request.tenant);
  const filter = filterOf(request);
  const action = {
    tenant,
    actor: parseRequester(request.requestedBy),
    action: 'op.omega.clear_events',
    target: 'omega:events',
    traceId: parseTraceId(request.traceId),
    details: { substrate_id: filter.substrateId, signal: filter.signal },
  };
  return parts.audit.run(
    action,
    () => parts.store.clearEvents(tenant, filter),
    ({ removed }) => ({ details: { ...action.details, removed } }),
  );
}

function filterOf({ substrateId, signal }: { readonly substrateId: string; readonly signal: string }): OmegaFilter {
  return {
    substrateId: parseAny(substrateId, parseSubstrateId),
    signal: parseAny(signal, (text) => parseOmegaName(text, 'signal')),
  };
}

function parsePosition(text: string): string {
  if (!/^\d{1,20}(-\d{1,20})?$/.test(text)) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return text;
}
