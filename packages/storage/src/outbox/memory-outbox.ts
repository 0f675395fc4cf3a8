import { BusError } from '@arqonbus/protocol';
import { NO_FIGURES } from './outbox-figures.ts';
import type { Outbox, OutboxEnd, OutboxFigures, OutboxRow, OutboxSession, OutboxWanted } from './outbox.ts';

interface Kept {
  readonly rowId: string;
  readonly channel: string;
  readonly messageId: string;
  readonly payload: string;
  readonly headers: string | undefined;
  readonly createdMs: number;
  triedMs: number | undefined;
  publishedMs: number | undefined;
  refused: { readonly code: string; readonly text: string } | undefined;
}

/** What an application inserts. */
export interface NewOutboxRow {
  readonly channel: string;
  readonly payload: string;
  readonly headers?: string;
  readonly messageId?: string;
}

/** An outbox in this process, with what an application and its administrator do to one. */
export interface MemoryOutbox extends Outbox {
  insert(row: NewOutboxRow): void;
  /** All rows that are left, with what became of them. */
  rows(): readonly { readonly channel: string; readonly state: string }[];
  /** While true nothing can be asked. */
  isAway: boolean;
}

/** For tests: the rows of one application. `nowMs` is the database's clock. */
export function createMemoryOutbox(nowMs: () => number): MemoryOutbox {
  return new MemoryRows(nowMs);
}

class MemoryRows implements MemoryOutbox {
  isAway = false;
  readonly nowMs: () => number;
  readonly #rows: Kept[] = [];
  readonly #listeners = new Set<() => void>();
  #underWay: { readonly ids: readonly string[]; readonly sinceMs: number } = { ids: [], sinceMs: 0 };
  #turn: object | undefined;
  #lastId = 0;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  insert({ channel, payload, headers, messageId }: NewOutboxRow): void {
    this.#lastId += 1;
    const rowId = String(this.#lastId);
    const fresh = { triedMs: undefined, publishedMs: undefined, refused: undefined, createdMs: this.nowMs() };
    this.#rows.push({ rowId, channel, payload, headers, messageId: messageId ?? `arq_ob_row_${rowId}`, ...fresh });
    for (const listener of this.#listeners) listener();
  }

  rows(): ReturnType<MemoryOutbox['rows']> {
    return this.#rows.map(({ channel, refused, publishedMs }) => ({ channel, state: stateOf(refused, publishedMs) }));
  }

  async open(onNews: () => void): Promise<OutboxSession> {
    if (this.isAway) throw new BusError('UNAVAILABLE');
    this.#listeners.add(onNews);
    return new MemorySession(this, () => this.#listeners.delete(onNews));
  }

  take(session: object): boolean {
    if (this.#turn !== undefined && this.#turn !== session) return false;
    this.#turn = session;
    const { ids, sinceMs } = this.#underWay;
    for (const row of this.waiting()) if (ids.includes(row.rowId)) row.triedMs ??= sinceMs;
    return true;
  }

  giveBack(session: object): void {
    if (this.#turn === session) this.#turn = undefined;
  }

  next(wanted: OutboxWanted): readonly OutboxRow[] {
    const chosen = choose(this.waiting(), wanted);
    if (chosen.length > 0) this.#underWay = { ids: chosen.map(({ rowId }) => rowId), sinceMs: this.nowMs() };
    return chosen.map((row) => rowOf(row, wanted, this.nowMs()));
  }

  settle(end: OutboxEnd, keep: boolean): void {
    const row = this.#rows.find(({ rowId }) => rowId === end.rowId);
    if (row === undefined) return;
    if (end.state === 'tried') row.triedMs ??= this.nowMs();
    else if (end.state === 'refused') row.refused = end;
    else if (keep) row.publishedMs = this.nowMs();
    else this.#rows.splice(this.#rows.indexOf(row), 1);
  }

  tidy(keptMs: number): number {
    const beforeMs = this.nowMs() - keptMs;
    const old = this.#rows.filter(({ publishedMs }) => publishedMs !== undefined && publishedMs < beforeMs);
    for (const row of old) this.#rows.splice(this.#rows.indexOf(row), 1);
    return old.length;
  }

  figures(): OutboxFigures {
    const refused = this.#rows.filter((row) => row.refused !== undefined).length;
    const waiting = this.waiting();
    const [first] = waiting;
    if (first === undefined) return { ...NO_FIGURES, refused };
    return { waiting: waiting.length, oldestMs: this.nowMs() - first.createdMs, refused };
  }

  waiting(): readonly Kept[] {
    return this.#rows.filter(({ publishedMs, refused }) => publishedMs === undefined && refused === undefined);
  }
}

class MemorySession implements OutboxSession {
  readonly #rows: MemoryRows;
  readonly #onClose: () => void;

  constructor(rows: MemoryRows, onClose: () => void) {
    this.#rows = rows;
    this.#onClose = onClose;
  }

  take(): Promise<boolean> {
    return this.#ask(() => this.#rows.take(this));
  }

  next(wanted: OutboxWanted): Promise<readonly OutboxRow[]> {
    return this.#ask(() => this.#rows.next(wanted));
  }

  settle(ends: readonly OutboxEnd[], keep: boolean): Promise<void> {
    return this.#ask(() => {
      for (const end of ends) this.#rows.settle(end, keep);
    });
  }

  tidy(keptMs: number): Promise<number> {
    return this.#ask(() => this.#rows.tidy(keptMs));
  }

  figures(): Promise<OutboxFigures> {
    return this.#ask(() => this.#rows.figures());
  }

  async close(): Promise<void> {
    this.#onClose();
    this.#rows.giveBack(this);
  }

  async #ask<T>(ask: () => T): Promise<T> {
    if (!this.#rows.isAway) return ask();
    this.#rows.giveBack(this);
    throw new BusError('UNAVAILABLE');
  }
}

function stateOf(refused: Kept['refused'], publishedMs: number | undefined): string {
  return refused?.code ?? (publishedMs === undefined ? 'waiting' : 'published');
}

function choose(rows: readonly Kept[], { maxRows, maxBytes, maxPayloadBytes, withoutChannels }: OutboxWanted): Kept[] {
  let bytes = 0;
  const first = rows.filter(({ channel }) => !withoutChannels.includes(channel)).slice(0, maxRows);
  return first.filter(({ payload }, index) => {
    const size = Buffer.byteLength(payload);
    bytes += size > maxPayloadBytes ? 0 : size;
    return bytes <= maxBytes || index === 0;
  });
}

function rowOf(
  { payload, createdMs, triedMs, ...row }: Kept,
  { maxPayloadBytes }: OutboxWanted,
  nowMs: number,
): OutboxRow {
  return {
    rowId: row.rowId,
    channel: row.channel,
    messageId: row.messageId,
    headers: row.headers,
    payload: Buffer.byteLength(payload) > maxPayloadBytes ? undefined : payload,
    ageMs: nowMs - createdMs,
    triedMs: triedMs === undefined ? undefined : nowMs - triedMs,
  };
}
