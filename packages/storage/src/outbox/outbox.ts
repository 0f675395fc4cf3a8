/** A row that an application has inserted to have it published, in its own transaction (ARC-4). */
export interface OutboxRow {
  /** In the order of insertion. */
  readonly rowId: string;
  /** `room:channel`. */
  readonly channel: string;
  /** What the message is called on the bus: the same however often it is tried (LOG-5). */
  readonly messageId: string;
  /** A text of JSON; undefined = it has more bytes than were asked for. */
  readonly payload: string | undefined;
  /** A text of JSON; undefined = none. */
  readonly headers: string | undefined;
  /** Since its insertion, by the database's clock. */
  readonly ageMs: number;
  /** Since it was tried for the first time without being known to be published; undefined = it never was. */
  readonly triedMs: number | undefined;
}

/** What became of a row. */
export type OutboxEnd =
  | { readonly rowId: string; readonly state: 'published' }
  | { readonly rowId: string; readonly state: 'refused'; readonly code: string; readonly text: string }
  /** It may be published by now, and nobody knows: it is tried again. */
  | { readonly rowId: string; readonly state: 'tried' };

/** Which rows are asked for. */
export interface OutboxWanted {
  readonly maxRows: number;
  /** Of all payloads together; the first row comes in any case. */
  readonly maxBytes: number;
  /** A payload beyond it is left out of its row. */
  readonly maxPayloadBytes: number;
  /** Rows of these channels wait. */
  readonly withoutChannels: readonly string[];
}

/** How an outbox is. */
export interface OutboxFigures {
  /** Rows that wait; at most {@link MAX_COUNTED}. */
  readonly waiting: number;
  /** Since the first of them was inserted; 0 = none waits. */
  readonly oldestMs: number;
  /** Dead letters; at most {@link MAX_COUNTED}. */
  readonly refused: number;
}

/** Nobody counts further: it would read the whole table. */
export const MAX_COUNTED = 10_000;

/**
 * A connection to an outbox. One at a time has the turn, and works; it is bound to the connection, so who is cut off, or is
 * frozen for {@link SILENCE_MS}, can neither read nor write any more, and another takes over. Throws `UNAVAILABLE` where the
 * database cannot be used, and `NOT_FOUND` where there is no outbox in it; no session is used after that.
 */
export interface OutboxSession {
  /** Takes the turn; false = another has it. What was under way when that one ended counts as tried. */
  take(): Promise<boolean>;
  /** The rows to publish next, by their order; that they are tried is noted before they are given. */
  next(wanted: OutboxWanted): Promise<readonly OutboxRow[]>;
  /** Records ends. What was published is removed, or, with `keep`, marked. */
  settle(ends: readonly OutboxEnd[], keep: boolean): Promise<void>;
  /** Removes some of what was published longer ago than this; gives how many. */
  tidy(keptMs: number): Promise<number>;
  figures(): Promise<OutboxFigures>;
  /** Gives the turn back. Idempotent. */
  close(): Promise<void>;
}

/** An outbox in an application's own database. */
export interface Outbox {
  /** Connects. `onNews` is called when rows may have come, and when the connection has ended. */
  open(onNews: () => void): Promise<OutboxSession>;
}

/** Who has asked nothing for so long is cut off by the database. */
export const SILENCE_MS = 10_000;
