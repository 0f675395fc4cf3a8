import { BusError, formatTime, formatTimeUs, memberJson, parseTimeUs } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { EpisodeCounts, EpisodeDeadLetter, ProjectedEpisode } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';
import { requesterOf } from '../requester-of.ts';

type Projection = CommandResult<'op.continuum.projector.list'>['items'][number];
type DeadLetter = CommandResult<'op.continuum.projector.dlq.list'>['items'][number];
type Counts = CommandResult<'op.continuum.projector.dlq.replay'>;
type EventResult = CommandResult<'op.continuum.projector.project_event'>;

const decoder = new TextDecoder();

/** Tells how far the projection is (CTM-3). */
export async function episodeStatus(
  { session, deadlineMs }: CommandCall,
  _: CommandArgs<'op.continuum.projector.status'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.continuum.projector.status'>>> {
  const status = await callBrain(spine, 'continuum.status', { tenant: session.tenant }, deadlineMs);
  const result = {
    projection_count: Number(status.projections),
    seen_event_count: Number(status.seenEvents),
    dlq_count: Number(status.deadLetters),
    lag_ms: Number(status.lagMs),
  };
  return { result };
}

/** Gives an episode. */
export async function getEpisode(
  { session, deadlineMs }: CommandCall,
  { agent_id: agentId, episode_id: episodeId }: CommandArgs<'op.continuum.projector.get'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.continuum.projector.get'>>> {
  const request = { tenant: session.tenant, agentId, episodeId };
  const { episode } = await callBrain(spine, 'continuum.get', request, deadlineMs);
  if (episode === undefined) return { result: { found: false } };
  const projection = projectionOf(episode);
  return { result: { found: !projection.deleted, projection } };
}

/** Lists episodes. */
export async function listEpisodes(
  { session, deadlineMs }: CommandCall,
  { agent_id: agentId = '', deleted = false, cursor = '', limit = 0 }: CommandArgs<'op.continuum.projector.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.continuum.projector.list'>>> {
  const request = { tenant: session.tenant, agentId, hasDeleted: deleted, cursor, limit };
  const page = await callBrain(spine, 'continuum.list', request, deadlineMs);
  return { result: { items: page.episodes.map(projectionOf), ...nextPage(page) } };
}

/** Projects one event. Its text is kept as it was written. */
export async function projectEvent(
  { session, envelope, deadlineMs }: CommandCall,
  _: CommandArgs<'op.continuum.projector.project_event'>,
  { spine, limits }: CommandParts,
): Promise<CommandOutcome<EventResult>> {
  const event = memberJson(envelope.args, 'event', limits);
  if (event === undefined) throw invalid([{ field: 'args.event', problem: 'is required' }]);
  const request = { tenant: session.tenant, event, requestedBy: session.user };
  const { status, reason, field, deadLetterId } = await callBrain(spine, 'continuum.project', request, deadlineMs);
  const dead = { reason, dead_letter_id: deadLetterId, ...(field === '' ? {} : { field }) };
  return { result: { status, ...(deadLetterId === '' ? {} : dead) } as EventResult };
}

/** Lists dead letters. */
export async function listDeadEpisodes(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.continuum.projector.dlq.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.continuum.projector.dlq.list'>>> {
  const page = await callBrain(spine, 'continuum.dead', { tenant: session.tenant, cursor, limit }, deadlineMs);
  return { result: { items: page.items.map(deadLetterOf), ...nextPage(page) } };
}

/** Tries dead letters again. */
export async function replayDeadEpisodes(
  { session, envelope, deadlineMs }: CommandCall,
  { dead_letter_id: letterId = '', cursor = '' }: CommandArgs<'op.continuum.projector.dlq.replay'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Counts>> {
  const request = { tenant: session.tenant, letterId, cursor, ...requesterOf(session, envelope) };
  return { result: countsOf(await callBrain(spine, 'continuum.replay', request, deadlineMs)) };
}

/** Makes the projection again of what the stream holds. */
export async function backfillEpisodes(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.continuum.projector.backfill'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.continuum.projector.backfill'>>> {
  const { agent_id: agentId = '', dry_run: dryRun = false, cursor = '', tenant_id: tenant = session.tenant } = args;
  if (tenant !== session.tenant) throw new BusError('AUTHORIZATION_ERROR', 'That is another tenant.');
  const [fromUs, toUs] = [timeOf('from_ts', args.from_ts), timeOf('to_ts', args.to_ts)];
  const window = { ...(fromUs === undefined ? {} : { fromUs }), ...(toUs === undefined ? {} : { toUs }) };
  const request = { tenant, ...window, agentId, dryRun, cursor, ...requesterOf(session, envelope) };
  return {
    result: { ...countsOf(await callBrain(spine, 'continuum.backfill', request, deadlineMs)), dry_run: dryRun },
  };
}

function timeOf(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const us = parseTimeUs(text);
  if (us === undefined) throw invalid([{ field: `args.${name}`, problem: 'must be an RFC 3339 time' }]);
  return BigInt(us);
}

function projectionOf({ agentId, episodeId, eventId, eventType, sourceAtUs, payload }: ProjectedEpisode): Projection {
  const deleted = eventType === 'episode.deleted';
  const content = deleted ? {} : { payload: JSON.parse(decoder.decode(payload)) as Record<string, unknown> };
  return {
    agent_id: agentId,
    episode_id: episodeId,
    event_id: eventId,
    event_type: eventType as Projection['event_type'],
    source_ts: formatTimeUs(Number(sourceAtUs)),
    deleted,
    ...content,
  };
}

function deadLetterOf({ letterId, eventId, reason, field, atMs, event }: EpisodeDeadLetter): DeadLetter {
  return {
    dead_letter_id: letterId,
    ...(eventId === '' ? {} : { event_id: eventId }),
    reason: reason as DeadLetter['reason'],
    ...(field === '' ? {} : { field }),
    at: formatTime(Number(atMs)),
    ...(event.length === 0 ? {} : { event: JSON.parse(decoder.decode(event)) as unknown }),
  };
}

function countsOf({ selected, projected, duplicates, staleRejected, dlqQueued, cursor }: EpisodeCounts): Counts {
  return {
    selected_count: Number(selected),
    projected: Number(projected),
    duplicates: Number(duplicates),
    stale_rejected: Number(staleRejected),
    dlq_queued: Number(dlqQueued),
    ...nextPage({ cursor }),
  };
}
