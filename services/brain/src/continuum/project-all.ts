import { createHash } from 'node:crypto';
import { parseEpisodeEvent, withoutForbiddenValues } from '@arqonbus/protocol';
import type { EpisodeEvent, ParsedEpisode, TenantId } from '@arqonbus/protocol';
import { EpisodeDeadNoticeSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { deadEpisodesOf } from '@arqonbus/spine';
import type { EpisodeDeadLetter, EpisodeOutcome } from '@arqonbus/storage';
import type { DeadReason } from './continuum-metrics.ts';
import type { ContinuumParts } from './continuum-parts.ts';

/** An event as it came, or as a dead letter has it. */
export interface Candidate {
  /** JSON text. */
  readonly data: Uint8Array;
  /** When it came; wall time. */
  readonly atMs: number;
  /** The dead letter that it is; absent = none. */
  readonly letterId?: string;
}

/** What became of it. */
export type Projected =
  | { readonly status: 'projected' | 'duplicate' | 'stale_rejected' }
  | { readonly status: 'dlq_queued'; readonly letter: EpisodeDeadLetter & { readonly reason: DeadReason } };

type Letter = Extract<Projected, { status: 'dlq_queued' }>['letter'];

/**
 * Projects events of a tenant; those that cannot be projected become dead letters (CTM-3). All of it can be done again:
 * what was done is then a duplicate, and a letter that is there stays the one that it is. Throws `UNAVAILABLE`.
 */
export async function projectAll(
  parts: ContinuumParts,
  tenant: TenantId,
  candidates: readonly Candidate[],
  isRebuild = false,
): Promise<readonly Projected[]> {
  const parsed = candidates.map(({ data }) => parseEpisodeEvent(data, tenant));
  const events = parsed.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
  const outcomes = events.length === 0 ? [] : await project(parts, tenant, events, isRebuild);
  let next = 0;
  const results = candidates.map((candidate, index): Projected => {
    const one = parsed[index] as ParsedEpisode;
    const outcome = one.kind === 'event' ? outcomes[next++] : undefined;
    if (outcome !== undefined && outcome !== 'over_quota') return { status: outcome };
    return { status: 'dlq_queued', letter: letterOf(candidate, one) };
  });
  await bury(
    parts,
    tenant,
    results.flatMap((result) => (result.status === 'dlq_queued' ? [result.letter] : [])),
  );
  return results;
}

function project(
  { store, settings, clock }: ContinuumParts,
  tenant: TenantId,
  events: readonly EpisodeEvent[],
  isRebuild: boolean,
): Promise<readonly EpisodeOutcome[]> {
  const { episodesPerTenant: maxEpisodes } = settings;
  return store.project(tenant, events, { maxEpisodes, nowMs: clock.now(), isRebuild });
}

function letterOf(candidate: Candidate, parsed: ParsedEpisode): Letter {
  const { data, atMs, letterId = letterIdOf(candidate) } = candidate;
  if (parsed.kind === 'event') {
    return { letterId, eventId: parsed.event.eventId, reason: 'quota', field: '', atMs, event: textOf(data) };
  }
  const { reason, field, eventId } = parsed;
  return { letterId, eventId, reason, field, atMs, event: keptTextOf(parsed, data) };
}

/** Nothing that it should not hold is kept, and nothing that cannot be looked through. */
function keptTextOf({ reason }: { readonly reason: DeadReason }, data: Uint8Array): string {
  if (reason === 'too_large') return '';
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data);
    const value: unknown = JSON.parse(text);
    return reason === 'forbidden_key' ? JSON.stringify(withoutForbiddenValues(value)) : text;
  } catch {
    return '';
  }
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data).toString('utf8');
}

/** Sorts by time; the same for an event that is taken from the stream again. */
function letterIdOf({ data, atMs }: Candidate): string {
  const digest = createHash('sha256').update(data).digest('hex').slice(0, 16);
  return `d_${atMs.toString(36).padStart(9, '0')}_${digest}`;
}

async function bury(parts: ContinuumParts, tenant: TenantId, letters: readonly Letter[]): Promise<void> {
  if (letters.length === 0) return;
  const gone = await parts.letters.add(tenant, letters, parts.settings.deadLettersPerTenant);
  if (gone > 0) parts.metrics?.dropped(gone);
  for (const { letterId, eventId, reason, field, atMs } of letters) {
    parts.metrics?.dead(reason);
    const notice = create(EpisodeDeadNoticeSchema, { letterId, eventId, reason, field, atMs: BigInt(atMs) });
    try {
      parts.spine.publish(deadEpisodesOf(tenant), toBinary(EpisodeDeadNoticeSchema, notice));
    } catch {
      // The letter is there: who follows the subject may miss it, who lists them does not.
      return;
    }
  }
}
