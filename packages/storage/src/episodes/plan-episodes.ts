import type { EpisodeEvent } from '@arqonbus/protocol';
import { episodeKey } from './episode-store.ts';
import type { EpisodeOutcome, EpisodeStamp } from './episode-store.ts';

/** What is known before events are projected. */
export interface KnownEpisodes {
  /** By {@link episodeKey}; what is projected is put into it. */
  readonly stamps: Map<string, EpisodeStamp>;
  /** Ids of events that were seen; those that are kept are put into it. Undefined = it does not matter. */
  readonly seen: Set<string> | undefined;
  /** How many more episodes there may be. */
  readonly room: number;
}

/** What is to be done. */
export interface EpisodePlan {
  /** What becomes of each event, in their order. */
  readonly outcomes: readonly EpisodeOutcome[];
  /** The rows that are to be there in place of those before. */
  readonly rows: readonly EpisodeEvent[];
  /** How many of them are new. */
  readonly added: number;
}

/** Decides what becomes of events (CTM-2): the latest of each episode wins, whatever the order in which they come. */
export function planEpisodes(events: readonly EpisodeEvent[], { stamps, seen, room }: KnownEpisodes): EpisodePlan {
  const rows = new Map<string, EpisodeEvent>();
  let added = 0;
  const decide = (event: EpisodeEvent): EpisodeOutcome => {
    const key = episodeKey(event);
    const stamp = stamps.get(key);
    if (seen?.has(event.eventId) === true) return 'duplicate';
    const order = stamp === undefined ? 1 : compareStamps(event, stamp);
    if (order === 0) return 'duplicate';
    if (stamp === undefined && added >= room) return 'over_quota';
    seen?.add(event.eventId);
    if (order < 0) return 'stale_rejected';
    if (stamp === undefined) added += 1;
    stamps.set(key, event);
    rows.set(key, event);
    return 'projected';
  };
  return { outcomes: events.map(decide), rows: [...rows.values()], added };
}

/** Above 0 = the first is later. */
export function compareStamps(one: EpisodeStamp, other: EpisodeStamp): number {
  if (one.sourceAtUs !== other.sourceAtUs) return one.sourceAtUs - other.sourceAtUs;
  if (one.eventId === other.eventId) return 0;
  return one.eventId > other.eventId ? 1 : -1;
}
