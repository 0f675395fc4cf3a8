import { EpisodeDeadLetterSchema, ProjectedEpisodeSchema, create } from '@arqonbus/protocol/spine-messages';
import type { EpisodeDeadLetter, ProjectedEpisode } from '@arqonbus/protocol/spine-messages';
import type { EpisodeDeadLetter as StoredLetter, StoredEpisode } from '@arqonbus/storage';

const encoder = new TextEncoder();

/** An episode for who asks. */
export function episodeMessage({ sourceAtUs, payload, ...rest }: StoredEpisode): ProjectedEpisode {
  const { agentId, episodeId, eventId, eventType } = rest;
  return create(ProjectedEpisodeSchema, {
    agentId,
    episodeId,
    eventId,
    eventType,
    sourceAtUs: BigInt(sourceAtUs),
    payload: encoder.encode(payload),
  });
}

/** A dead letter for who asks. */
export function letterMessage({ atMs, event, ...letter }: StoredLetter): EpisodeDeadLetter {
  return create(EpisodeDeadLetterSchema, { ...letter, atMs: BigInt(atMs), event: encoder.encode(event) });
}
