import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';
import { episodeKey } from './episode-store.ts';
import type {
  EpisodeCounts,
  EpisodeName,
  EpisodeOutcome,
  EpisodeQuery,
  EpisodeStamp,
  EpisodeStore,
  ForgetOptions,
  ProjectOptions,
  StoredEpisode,
} from './episode-store.ts';
import { planEpisodes } from './plan-episodes.ts';

interface Kept {
  readonly episodes: Map<string, StoredEpisode>;
  /** When each event was seen. */
  readonly seen: Map<string, number>;
}

/** The projection in the memory of this process: for development, and gone with it. */
export function createMemoryEpisodeStore(): EpisodeStore {
  return new MemoryEpisodeStore();
}

class MemoryEpisodeStore implements EpisodeStore {
  readonly #tenants = new Map<TenantId, Kept>();

  async project(
    tenant: TenantId,
    events: readonly EpisodeEvent[],
    { maxEpisodes, nowMs, isRebuild = false }: ProjectOptions,
  ): Promise<readonly EpisodeOutcome[]> {
    const { episodes, seen } = this.#of(tenant);
    const stamps = new Map<string, EpisodeStamp>(episodes);
    const known = { stamps, seen: isRebuild ? undefined : new Set(seen.keys()), room: maxEpisodes - episodes.size };
    const { outcomes, rows } = planEpisodes(events, known);
    for (const row of rows) episodes.set(episodeKey(row), row);
    for (const [index, { eventId }] of events.entries()) {
      if (outcomes[index] !== 'over_quota' && !seen.has(eventId)) seen.set(eventId, nowMs);
    }
    return outcomes;
  }

  async stamps(tenant: TenantId, names: readonly EpisodeName[]): Promise<ReadonlyMap<string, EpisodeStamp>> {
    const { episodes } = this.#of(tenant);
    const found = new Map<string, EpisodeStamp>();
    for (const key of names.map(episodeKey)) {
      const episode = episodes.get(key);
      if (episode !== undefined) found.set(key, { sourceAtUs: episode.sourceAtUs, eventId: episode.eventId });
    }
    return found;
  }

  async recount(): Promise<void> {
    // Nobody changes it by hand.
  }

  async get(tenant: TenantId, name: EpisodeName): Promise<StoredEpisode | undefined> {
    return this.#of(tenant).episodes.get(episodeKey(name));
  }

  async list(tenant: TenantId, { agentId, hasDeleted, after, limit }: EpisodeQuery): Promise<readonly StoredEpisode[]> {
    const start = after === undefined ? '' : episodeKey(after);
    const isWanted = (episode: StoredEpisode): boolean =>
      (agentId === '' || episode.agentId === agentId) &&
      (hasDeleted || episode.eventType !== 'episode.deleted') &&
      episodeKey(episode) > start;
    const found = [...this.#of(tenant).episodes.values()].filter(isWanted);
    return found.toSorted((a, b) => (episodeKey(a) < episodeKey(b) ? -1 : 1)).slice(0, limit);
  }

  async counts(tenant: TenantId): Promise<EpisodeCounts> {
    const { episodes, seen } = this.#of(tenant);
    return { episodes: episodes.size, events: seen.size };
  }

  async forget(tenant: TenantId, { seenBeforeMs, deletedBeforeUs, limit }: ForgetOptions): Promise<number> {
    const { episodes, seen } = this.#of(tenant);
    const events = [...seen].filter(([, seenAtMs]) => seenAtMs < seenBeforeMs).slice(0, limit);
    for (const [eventId] of events) seen.delete(eventId);
    const isOver = ({ eventType, sourceAtUs }: StoredEpisode): boolean =>
      eventType === 'episode.deleted' && sourceAtUs < deletedBeforeUs;
    const tombstones = [...episodes].filter(([, episode]) => isOver(episode)).slice(0, limit);
    for (const [key] of tombstones) episodes.delete(key);
    return events.length + tombstones.length;
  }

  async tenants(): Promise<readonly TenantId[]> {
    return [...this.#tenants.keys()];
  }

  #of(tenant: TenantId): Kept {
    const known = this.#tenants.get(tenant) ?? { episodes: new Map(), seen: new Map() };
    this.#tenants.set(tenant, known);
    return known;
  }
}
