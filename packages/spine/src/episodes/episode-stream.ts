import type { TenantId } from '@arqonbus/protocol';
import type { WorkTaker } from '../work/work-queue.ts';

/** An event of an episode on its way into the stream. */
export interface NewEpisodeEvent {
  readonly tenant: TenantId;
  /** A second one of the same id within two minutes is the first one. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** An event in the stream. */
export interface StoredEpisodeEvent {
  readonly tenant: TenantId;
  /** Grows along the stream, with holes. */
  readonly seq: number;
  /** When it was stored; wall time. */
  readonly atMs: number;
  readonly data: Uint8Array;
}

/** An event in the hands of a projector, who ends it by `ack` or `nak`, once. */
export interface EpisodeItem extends StoredEpisodeEvent {
  /** It is done, and does not come again. */
  ack(): void;
  /** It comes again after this long, to whoever. */
  nak(delayMs: number): void;
}

/** How events are taken. */
export interface TakeEpisodesOptions {
  /** How many may be in hand at once. */
  readonly maxInHand: number;
  /** Must not throw. */
  readonly onItem: (item: EpisodeItem) => void;
  /** Nothing comes any more: the stream is gone. */
  readonly onEnded: () => void;
}

/** A part of a tenant's events: behind this sequence, up to so many events and about so many bytes. */
export interface EpisodeRange {
  readonly afterSeq: number;
  readonly limit: number;
  readonly maxBytes: number;
}

/** Events in their order. */
export interface EpisodePage {
  readonly events: readonly StoredEpisodeEvent[];
  /** There were no more when it was read. */
  readonly isAll: boolean;
}

/** What has not been projected. */
export interface EpisodeBacklog {
  /** Events of all tenants. */
  readonly waiting: number;
  /** When the oldest of them was stored, or about so: it may be done although one before it is not. Undefined = there is none. */
  readonly oldestAtMs: number | undefined;
}

/**
 * The events of episodes (CTM-1), kept for a while whether they are projected or not, the oldest given up first: so the
 * stream never is full, and whoever publishes never waits for a projector (CTM-4). Any number of projectors share what is
 * to be done; order does not matter to them. Failures are `BusError`s: `UNAVAILABLE` = not added, `TIMEOUT` = unknown.
 */
export interface EpisodeStream {
  add(event: NewEpisodeEvent): Promise<void>;
  /** Takes part in projecting. What a projector that dies had in hand comes again after some seconds, to another. */
  take(options: TakeEpisodesOptions): Promise<WorkTaker>;
  /** A tenant's events as they are kept, projected or not. */
  read(tenant: TenantId, range: EpisodeRange): Promise<EpisodePage>;
  /** Of one tenant, or of all. */
  backlog(tenant?: TenantId): Promise<EpisodeBacklog>;
}
