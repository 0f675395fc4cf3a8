import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';

/** An episode as the projection has it: its latest event (CTM-2). */
export type StoredEpisode = EpisodeEvent;

/** Which of two events of an episode is the later one: by its time at the source, of equals by its id. */
export type EpisodeStamp = Pick<EpisodeEvent, 'sourceAtUs' | 'eventId'>;

/** Names an episode of a tenant. */
export type EpisodeName = Pick<EpisodeEvent, 'agentId' | 'episodeId'>;

/** What became of an event: `over_quota` = it would be one episode too many, and nothing of it is kept. */
export type EpisodeOutcome = 'projected' | 'duplicate' | 'stale_rejected' | 'over_quota';

/** How events are projected. */
export interface ProjectOptions {
  /** Episodes of the tenant at the most, deleted ones included. */
  readonly maxEpisodes: number;
  /** Wall time, ms. */
  readonly nowMs: number;
  /** Events that were seen before count all the same: so a projection that was lost is made again (CTM-3). Default false. */
  readonly isRebuild?: boolean;
}

/** What a list is cut by; it is in the order of agents and their episodes. */
export interface EpisodeQuery {
  /** '' = of all agents. */
  readonly agentId: string;
  /** Deleted ones too. */
  readonly hasDeleted: boolean;
  /** Where to begin after; undefined = at the start. */
  readonly after: EpisodeName | undefined;
  readonly limit: number;
}

/** How much is kept of a tenant. */
export interface EpisodeCounts {
  /** Deleted ones included. */
  readonly episodes: number;
  readonly events: number;
}

/** What may be forgotten. */
export interface ForgetOptions {
  /** Events that were seen before, wall time in ms. */
  readonly seenBeforeMs: number;
  /** Deletions that happened before, at their source. */
  readonly deletedBeforeUs: number;
  /** Rows of each at the most. */
  readonly limit: number;
}

/**
 * The projection of episodes (CTM-2). No call of one tenant sees or touches another's (PRD-4). Whatever the order in
 * which events come, and however often, the outcome is the same: the latest of each episode. Throws `UNAVAILABLE` while
 * the store cannot be used.
 */
export interface EpisodeStore {
  /** Projects events in their order, all or, where it throws, none of them; gives what became of each. */
  project(
    tenant: TenantId,
    events: readonly EpisodeEvent[],
    options: ProjectOptions,
  ): Promise<readonly EpisodeOutcome[]>;
  /** The stamps that these episodes have; those that there are not are left out. */
  stamps(tenant: TenantId, names: readonly EpisodeName[]): Promise<ReadonlyMap<string, EpisodeStamp>>;
  /** Counts the episodes of a tenant anew, for where somebody has changed the tables by hand. */
  recount(tenant: TenantId): Promise<void>;
  get(tenant: TenantId, name: EpisodeName): Promise<StoredEpisode | undefined>;
  list(tenant: TenantId, query: EpisodeQuery): Promise<readonly StoredEpisode[]>;
  counts(tenant: TenantId): Promise<EpisodeCounts>;
  /** Gives how many rows it removed. */
  forget(tenant: TenantId, options: ForgetOptions): Promise<number>;
  /** The tenants that may have episodes. */
  tenants(): Promise<readonly TenantId[]>;
}

/** The key of an episode in {@link EpisodeStore.stamps}, and its place in the order of lists. No id holds a line feed. */
export function episodeKey({ agentId, episodeId }: EpisodeName): string {
  return `${agentId}\n${episodeId}`;
}

/** Undoes {@link episodeKey}; undefined for what it did not make. */
export function parseEpisodeKey(key: string): EpisodeName | undefined {
  const [agentId, episodeId, ...rest] = key.split('\n');
  return agentId && episodeId && rest.length === 0 ? { agentId, episodeId } : undefined;
}
