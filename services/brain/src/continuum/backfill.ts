import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError, parseEpisodeEvent } from '@arqonbus/protocol';
import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { BackfillEpisodesRequest, EpisodeCountsSchema } from '@arqonbus/protocol/spine-messages';
import type { StoredEpisodeEvent } from '@arqonbus/spine';
import { episodeKey, planEpisodes } from '@arqonbus/storage';
import type { EpisodeStamp } from '@arqonbus/storage';
import { parseRequester, parseTenant, parseText, parseTraceId } from '../requests/parse-request.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { countsOf, noCounts } from './episode-counts.ts';
import { projectAll } from './project-all.ts';
import type { Candidate, Projected } from './project-all.ts';

/** Events that are read at once, and bytes of them. */
const PAGE = { limit: 512, maxBytes: 1_048_576 };
/** What one page may take, the answer included: none is begun after. */
const PAGE_MS = 900;
const MAX_ID_LENGTH = 128;
const NOTHING = new Uint8Array(0);

type Counts = MessageInitShape<typeof EpisodeCountsSchema>;

/** Which events are wanted, by what they say of themselves. */
interface Window {
  readonly fromUs: number;
  readonly toUs: number;
  readonly agentId: string;
}

/**
 * Projects again what the stream still holds, whether it was seen before or not: so a projection that was lost or changed by
 * hand is made anew (CTM-3). One request goes as far as its time allows, and its cursor says where to go on. Audited,
 * unless nothing is changed.
 */
export async function backfill(
  request: BackfillEpisodesRequest,
  parts: ContinuumParts,
  deadlineMs: number,
): Promise<Counts> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const window = parseWindow(request);
  const start = parsePlace(request.cursor);
  const walk = (project: ProjectPage): Promise<Counts> =>
    walkStream(parts, tenant, { window, start, deadlineMs, project });
  if (request.dryRun) return walk(await createPreview(parts, tenant));
  const action = {
    tenant,
    actor,
    action: 'op.continuum.projector.backfill',
    target: `episodes:${window.agentId === '' ? '*' : window.agentId}`,
    traceId: parseTraceId(request.traceId),
    details: { after: String(start) },
  };
  return parts.audit.run(action, async () => {
    if (start === 0) await parts.store.recount(tenant);
    return walk((candidates) => projectAll(parts, tenant, candidates, true));
  });
}

type ProjectPage = (candidates: readonly Candidate[]) => Promise<readonly Pick<Projected, 'status'>[]>;

interface Walk {
  readonly window: Window;
  readonly start: number;
  readonly deadlineMs: number;
  readonly project: ProjectPage;
}

async function walkStream(
  { stream }: ContinuumParts,
  tenant: TenantId,
  { window, start, deadlineMs, project }: Walk,
): Promise<Counts> {
  const counts = noCounts();
  let afterSeq = start;
  for (;;) {
    const { events, isAll } = await stream.read(tenant, { ...PAGE, afterSeq });
    const candidates = events.map(candidateOf).filter(({ data }) => isWanted(data, tenant, window));
    if (candidates.length > 0) countsOf(await project(candidates), counts);
    afterSeq = events.at(-1)?.seq ?? afterSeq;
    if (isAll || events.length === 0) return { ...counts, cursor: '' };
    if (performance.now() + PAGE_MS > deadlineMs) return { ...counts, cursor: String(afterSeq) };
  }
}

function candidateOf({ data, atMs }: StoredEpisodeEvent): Candidate {
  return { data: readMessage(EpisodePublicationSchema, data)?.event ?? NOTHING, atMs };
}

/** What cannot be read says nothing of itself: it is wanted where everything is. */
function isWanted(data: Uint8Array, tenant: TenantId, { fromUs, toUs, agentId }: Window): boolean {
  const parsed = parseEpisodeEvent(data, tenant);
  if (parsed.kind === 'refused') return fromUs === -Infinity && toUs === Infinity && agentId === '';
  const { sourceAtUs, agentId: agent } = parsed.event;
  return sourceAtUs >= fromUs && sourceAtUs < toUs && (agentId === '' || agent === agentId);
}

/** What would become of events, in memory: nothing is written. */
async function createPreview({ store, settings }: ContinuumParts, tenant: TenantId): Promise<ProjectPage> {
  const stamps = new Map<string, EpisodeStamp>();
  let room = settings.episodesPerTenant - (await store.counts(tenant)).episodes;
  return async (candidates) => {
    const parsed = candidates.map(({ data }) => parseEpisodeEvent(data, tenant));
    const events = parsed.flatMap((one): EpisodeEvent[] => (one.kind === 'event' ? [one.event] : []));
    const known = await store.stamps(
      tenant,
      events.filter((event) => !stamps.has(episodeKey(event))),
    );
    for (const [key, stamp] of known) stamps.set(key, stamp);
    const { outcomes, added } = planEpisodes(events, { stamps, seen: undefined, room });
    room -= added;
    const dead = Array.from({ length: candidates.length - events.length }, () => ({ status: 'dlq_queued' as const }));
    return [
      ...outcomes.map((outcome) => ({ status: outcome === 'over_quota' ? ('dlq_queued' as const) : outcome })),
      ...dead,
    ];
  };
}

function parseWindow({ fromUs, toUs, agentId }: BackfillEpisodesRequest): Window {
  return {
    fromUs: fromUs === undefined ? -Infinity : Number(fromUs),
    toUs: toUs === undefined ? Infinity : Number(toUs),
    agentId: parseText(agentId, MAX_ID_LENGTH, 'agent'),
  };
}

function parsePlace(cursor: string): number {
  if (!/^\d{0,15}$/.test(cursor)) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return Number(cursor);
}
