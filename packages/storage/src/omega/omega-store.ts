import type { TenantId } from '@arqonbus/protocol';

/** Something that emits signals in the lab. All its texts are such that the caller has checked. */
export interface OmegaSubstrate {
  readonly substrateId: string;
  readonly name: string;
  readonly kind: string;
  /** JSON text of an object. */
  readonly metadata: string;
  readonly registeredBy: string;
  /** Wall time, ms. */
  readonly registeredAtMs: number;
}

/** A signal that was emitted. */
export interface OmegaEvent {
  readonly eventId: string;
  readonly substrateId: string;
  readonly signal: string;
  /** JSON text as it was given. */
  readonly payload: string;
  readonly emittedBy: string;
  /** Wall time, ms. */
  readonly emittedAtMs: number;
}

/** Which events are meant; '' = any. */
export interface OmegaFilter {
  readonly substrateId: string;
  readonly signal: string;
}

/** A part of the list of events, newest first. */
export interface OmegaQuery extends OmegaFilter {
  /** The `next` of the page before; '' = from the newest. */
  readonly before: string;
  readonly limit: number;
  /** Bytes of events, as JSON, after which a page ends; one event is always in it. */
  readonly maxBytes: number;
}

/** What was found; `next` is '' where nothing follows. */
export interface OmegaPage {
  readonly events: readonly OmegaEvent[];
  readonly next: string;
}

/** What bounds the events of a tenant. */
export interface OmegaEventLimits {
  /** More push the oldest out. */
  readonly maxEvents: number;
  /** More are refused until the minute is over that began with the first. */
  readonly maxPerMinute: number;
}

/** What became of an event. */
export type OmegaAddOutcome =
  /** `position` is what {@link OmegaStore.takeBack} takes. */
  | { readonly kind: 'added'; readonly position: string }
  | { readonly kind: 'no_substrate' }
  | { readonly kind: 'limited'; readonly retryAfterMs: number };

/** How much a tenant has. */
export interface OmegaFigures {
  readonly substrates: number;
  readonly events: number;
}

/**
 * The state of the Omega lane (OMG-1). Every call is one step, so bounds hold whoever else is at it, and no call of one tenant
 * sees or touches another's (PRD-4). Throws `UNAVAILABLE`, or `TIMEOUT` where nobody knows, while it cannot be used.
 */
export interface OmegaStore {
  figures(tenant: TenantId): Promise<OmegaFigures>;
  /** Keeps a substrate in the place of the one of its id; false = there are as many as may be, and it is none of them. */
  putSubstrate(tenant: TenantId, substrate: OmegaSubstrate, maxSubstrates: number): Promise<boolean>;
  /** All of them, in the order of their ids. */
  substrates(tenant: TenantId): Promise<readonly OmegaSubstrate[]>;
  /** Its events stay. False = there was none. */
  removeSubstrate(tenant: TenantId, substrateId: string): Promise<boolean>;
  addEvent(tenant: TenantId, event: OmegaEvent, limits: OmegaEventLimits): Promise<OmegaAddOutcome>;
  /** Takes one event out again; that it counted for the minute stays. */
  takeBack(tenant: TenantId, position: string): Promise<void>;
  events(tenant: TenantId, query: OmegaQuery): Promise<OmegaPage>;
  /** Gives how many events went, and how many are left. */
  clearEvents(tenant: TenantId, filter: OmegaFilter): Promise<{ readonly removed: number; readonly remaining: number }>;
}

/** For how long emitted events count against their limit. */
export const OMEGA_WINDOW_MS = 60_000;
