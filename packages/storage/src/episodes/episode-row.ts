import type { EpisodeEventType } from '@arqonbus/protocol';
import type { StoredEpisode } from './episode-store.ts';

/** A row of the projection. */
export interface EpisodeRow {
  readonly agent_id: string;
  readonly episode_id: string;
  readonly event_id: string;
  readonly event_type: string;
  /** A bigint, which the drivers give as they please. */
  readonly source_at_us: string | number;
  readonly payload: string;
}

/** What {@link EpisodeRow} is read from. */
export const EPISODE_COLUMNS = 'agent_id, episode_id, event_id, event_type, source_at_us, payload';

/** The episode of a row. */
export function episodeOf(row: EpisodeRow): StoredEpisode {
  return {
    agentId: row.agent_id,
    episodeId: row.episode_id,
    eventId: row.event_id,
    eventType: row.event_type as EpisodeEventType,
    sourceAtUs: Number(row.source_at_us),
    payload: row.payload,
  };
}
