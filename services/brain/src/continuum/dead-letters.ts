import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type {
  EpisodeCountsSchema,
  ListDeadEpisodesRequest,
  ListDeadEpisodesResultSchema,
  ReplayDeadEpisodesRequest,
} from '@arqonbus/protocol/spine-messages';
import type { EpisodeDeadLetter } from '@arqonbus/storage';
import { jsonBytes, pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { countsOf } from './episode-counts.ts';
import { letterMessage } from './episode-messages.ts';
import { projectAll } from './project-all.ts';
import { keepInStream } from './project-event.ts';

const FIELDS_BYTES = 200;
/** Dead letters that one request tries again at the most; who has more asks again. */
const MAX_REPLAYED = 200;

/** Lists dead letters, the oldest first (CTM-3). */
export async function listDead(
  request: ListDeadEpisodesRequest,
  { letters, pageBytes }: ContinuumParts,
): Promise<MessageInitShape<typeof ListDeadEpisodesResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const limit = pageLimit(request.limit);
  const after = request.cursor === '' ? '' : parseCursor(request.cursor);
  // One more than asked for tells whether there are more.
  const found = await letters.list(tenant, { after, limit: limit + 1 });
  const keyOf = ({ letterId }: EpisodeDeadLetter): string => letterId;
  const sizeOf = ({ eventId, field, event }: EpisodeDeadLetter): number =>
    FIELDS_BYTES + jsonBytes(eventId) + jsonBytes(field) + Buffer.byteLength(event);
  const page = takePage(found, { cursor: '', limit }, { keyOf, sizeOf, pageBytes });
  return { items: page.items.map(letterMessage), cursor: page.cursor };
}

/** Tries dead letters again; those that can be projected now are dead letters no longer. Audited. */
export async function replayDead(
  request: ReplayDeadEpisodesRequest,
  parts: ContinuumParts,
): Promise<MessageInitShape<typeof EpisodeCountsSchema>> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const { letterId, requestedBy } = request;
  const [chosen, cursor] = await choose(request, tenant, parts);
  const action = {
    tenant,
    actor,
    action: 'op.continuum.projector.dlq.replay',
    target: `episodes:${letterId === '' ? '*' : letterId}`,
    traceId: parseTraceId(request.traceId),
    details: { letters: String(chosen.length) },
  };
  return parts.audit.run(action, async () => {
    const candidates = chosen.map(({ letterId: id, event, atMs }) => ({
      data: new TextEncoder().encode(event),
      atMs,
      letterId: id,
    }));
    const results = await projectAll(parts, tenant, candidates);
    const isLeft = (_: unknown, index: number): boolean => results[index]?.status === 'dlq_queued';
    const ended = candidates.filter((one, index) => !isLeft(one, index));
    for (const { data, letterId: id } of ended) {
      await keepInStream(parts, tenant, { event: data, publishedBy: requestedBy, id: `replay/${id}` });
    }
    const gone = ended.map(({ letterId: id }) => id);
    if (gone.length > 0) await parts.letters.remove(tenant, gone);
    return { ...countsOf(results), cursor };
  });
}

async function choose(
  { letterId, cursor }: ReplayDeadEpisodesRequest,
  tenant: TenantId,
  { letters }: ContinuumParts,
): Promise<readonly [readonly EpisodeDeadLetter[], string]> {
  if (letterId !== '') {
    const letter = await letters.get(tenant, letterId);
    if (letter === undefined) throw new BusError('NOT_FOUND', 'There is no such dead letter.');
    return [[letter], ''];
  }
  const after = cursor === '' ? '' : parseCursor(cursor);
  const found = await letters.list(tenant, { after, limit: MAX_REPLAYED });
  const last = found.length < MAX_REPLAYED ? undefined : found.at(-1);
  return [found, last === undefined ? '' : Buffer.from(last.letterId).toString('base64url')];
}
