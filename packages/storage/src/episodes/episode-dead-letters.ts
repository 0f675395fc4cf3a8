import type { TenantId } from '@arqonbus/protocol';

/** An event that could not be projected. */
export interface EpisodeDeadLetter {
  /** Sorts by time; the same for the same event of the same time. */
  readonly letterId: string;
  /** Of the event; '' where it could not be read. */
  readonly eventId: string;
  readonly reason: string;
  /** What of it is wrong; '' = the whole. */
  readonly field: string;
  /** Wall time, ms. */
  readonly atMs: number;
  /** The text of its JSON, without what it should not hold; '' where it could not be read. */
  readonly event: string;
}

/** What a list is cut by; the oldest comes first. */
export interface DeadLetterQuery {
  /** The id to begin after; '' = at the start. */
  readonly after: string;
  readonly limit: number;
}

/** Dead letters of the projector (CTM-3), each tenant's own. Throws `UNAVAILABLE` while they cannot be used. */
export interface EpisodeDeadLetters {
  /** Adds what is not there; where there are more than `keep` then, the oldest go. Gives how many went. */
  add(tenant: TenantId, letters: readonly EpisodeDeadLetter[], keep: number): Promise<number>;
  list(tenant: TenantId, query: DeadLetterQuery): Promise<readonly EpisodeDeadLetter[]>;
  get(tenant: TenantId, letterId: string): Promise<EpisodeDeadLetter | undefined>;
  remove(tenant: TenantId, letterIds: readonly string[]): Promise<void>;
  count(tenant: TenantId): Promise<number>;
}
