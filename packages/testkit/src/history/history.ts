/** Who a client is; fixed for a whole history. */
export interface HistoryClient {
  readonly tenant: string;
  readonly user: string;
}

/** A place in a channel's log. */
export interface HistoryPosition {
  readonly epoch: string;
  readonly seq: number;
}

interface Base {
  /** Of the observer of all, who has one clock. */
  readonly atMs: number;
  /** Name of the client that saw or did it. */
  readonly client: string;
}

/** What clients did and saw, in the order in which it happened; `channel` is `room:channel`. */
export type HistoryEvent =
  | (Base & { readonly kind: 'published'; readonly channel: string; readonly id: string })
  | (Base & { readonly kind: 'acknowledged'; readonly id: string; readonly position: HistoryPosition | undefined })
  /** Refused for certain: stored nowhere. What nobody knows the outcome of is no event at all. */
  | (Base & { readonly kind: 'refused'; readonly id: string })
  /** From here on everything after the position is expected; without one, everything that is published later. */
  | (Base & {
      readonly kind: 'joined';
      readonly channel: string;
      readonly position: HistoryPosition | undefined;
      /** Whether it hears what it publishes itself. */
      readonly echo: boolean;
    })
  | (Base & { readonly kind: 'left'; readonly channel: string })
  | (Base & {
      readonly kind: 'delivered';
      readonly channel: string;
      readonly id: string;
      readonly position: HistoryPosition | undefined;
    })
  /** The client was told that something may be missing here. */
  | (Base & { readonly kind: 'signalled'; readonly channel: string; readonly reason: string })
  /** From here on, and a second of grace, nothing may reach this user any more. */
  | (Base & { readonly kind: 'revoked'; readonly tenant: string; readonly user: string });

/** Everything that is known of a run. */
export interface History {
  readonly clients: ReadonlyMap<string, HistoryClient>;
  readonly events: readonly HistoryEvent[];
}

/** An event of one kind. */
export type EventOf<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { readonly kind: K }>;

/** The invariants, each by a word. */
export type Invariant =
  | 'nothing-lost'
  | 'one-order'
  | 'no-duplicate'
  | 'no-foreign-tenant'
  | 'no-delivery-after-revocation'
  | 'nothing-refused-delivered'
  | 'nothing-invented';

/** One breach of an invariant, in words for people. */
export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
}
