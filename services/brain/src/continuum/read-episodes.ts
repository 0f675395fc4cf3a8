import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import type {
  ContinuumStatusRequest,
  ContinuumStatusResultSchema,
  GetEpisodeRequest,
  GetEpisodeResultSchema,
  ListEpisodesRequest,
  ListEpisodesResultSchema,
} from '@arqonbus/protocol/spine-messages';
import { episodeKey, parseEpisodeKey } from '@arqonbus/storage';
import type { EpisodeName, StoredEpisode } from '@arqonbus/storage';
import { jsonBytes, pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseTenant, parseText } from '../requests/parse-request.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { episodeMessage } from './episode-messages.ts';

/** Names of the fields and the times in a JSON frame. */
const FIELDS_BYTES = 220;
const MAX_ID_LENGTH = 128;

/** Tells how much there is, and how far the projection is behind (CTM-3). */
export async function status(
  request: ContinuumStatusRequest,
  { store, letters, stream, clock }: ContinuumParts,
): Promise<MessageInitShape<typeof ContinuumStatusResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const [counts, dead, { oldestAtMs }] = await Promise.all([
    store.counts(tenant),
    letters.count(tenant),
    stream.backlog(tenant),
  ]);
  return {
    projections: BigInt(counts.episodes),
    seenEvents: BigInt(counts.events),
    deadLetters: BigInt(dead),
    lagMs: BigInt(oldestAtMs === undefined ? 0 : Math.max(0, clock.now() - oldestAtMs)),
  };
}

/** Gives an episode, deleted or not. */
export async function get(
  request: GetEpisodeRequest,
  { store }: ContinuumParts,
): Promise<MessageInitShape<typeof GetEpisodeResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const episode = await store.get(tenant, {
    agentId: parseText(request.agentId, MAX_ID_LENGTH, 'agent'),
    episodeId: parseText(request.episodeId, MAX_ID_LENGTH, 'episode'),
  });
  return episode === undefined ? {} : { episode: episodeMessage(episode) };
}

/** Lists episodes in the order of their agents. */
export async function list(
  request: ListEpisodesRequest,
  { store, pageBytes }: ContinuumParts,
): Promise<MessageInitShape<typeof ListEpisodesResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const agentId = parseText(request.agentId, MAX_ID_LENGTH, 'agent');
  const limit = pageLimit(request.limit);
  // One more than asked for tells whether there are more.
  const query = { agentId, hasDeleted: request.hasDeleted, after: placeOf(request.cursor), limit: limit + 1 };
  const found = await store.list(tenant, query);
  const page = takePage(found, { cursor: '', limit }, { keyOf: episodeKey, sizeOf, pageBytes });
  return { episodes: page.items.map(episodeMessage), cursor: page.cursor };
}

function placeOf(cursor: string): EpisodeName | undefined {
  if (cursor === '') return undefined;
  const name = parseEpisodeKey(parseCursor(cursor));
  if (name === undefined) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return name;
}

function sizeOf({ agentId, episodeId, eventId, payload }: StoredEpisode): number {
  const ids = jsonBytes(agentId) + jsonBytes(episodeId) + jsonBytes(eventId);
  return FIELDS_BYTES + ids + Buffer.byteLength(payload);
}
