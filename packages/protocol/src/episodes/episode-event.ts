/** What an event says of an episode. */
export type EpisodeEventType = 'episode.created' | 'episode.updated' | 'episode.deleted' | 'episode.summarized';

/** Every type of event. */
export const EPISODE_EVENT_TYPES: readonly EpisodeEventType[] = [
  'episode.created',
  'episode.updated',
  'episode.deleted',
  'episode.summarized',
];

/** The one version of events that there is. */
export const EPISODE_SCHEMA_VERSION = 1;

/** Largest event: its JSON text, in bytes of UTF-8. */
export const MAX_EPISODE_EVENT_BYTES = 65_536;

/** Keys that no event may have, at any depth and in any case: what they stand for stays with the agent (CTM-1). */
export const FORBIDDEN_EPISODE_KEYS: readonly string[] = [
  'raw_content',
  'episode_body',
  'embedding_vector',
  'full_state_dump',
];

/** An event of the projector, checked (CTM-1). It tells the whole episode as it was at its time. */
export interface EpisodeEvent {
  readonly eventId: string;
  readonly eventType: EpisodeEventType;
  readonly agentId: string;
  readonly episodeId: string;
  /** When it was so, at its source: microseconds since the epoch. */
  readonly sourceAtUs: number;
  /** The JSON text of the payload as it was written; of a deletion, empty. */
  readonly payload: string;
}

/** Why an event cannot be projected. */
export type EpisodeRefusal = 'malformed' | 'too_large' | 'unsupported_version' | 'foreign_tenant' | 'forbidden_key';

/** An event that is none, and the field that is wrong with it; '' = the whole. */
export interface RefusedEpisode {
  readonly kind: 'refused';
  readonly reason: EpisodeRefusal;
  readonly field: string;
  /** As far as it could be read. */
  readonly eventId: string;
}
