import { setTimeout as delay } from 'node:timers/promises';
import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS } from '@arqonbus/spine';
import { SILENCE_MS } from '@arqonbus/storage/outbox';
import type { Outbox, OutboxEnd, OutboxFigures, OutboxRow, OutboxSession } from '@arqonbus/storage/outbox';
import { Wakeups } from '../operations/wakeups.ts';
import { LOG_KNOWS_MS } from './find-published.ts';
import type { OutboxGauges, OutboxMetrics, OutboxState } from './outbox-metrics.ts';
import { Pauses } from './pauses.ts';
import { isOpen, publishRows } from './publish-rows.ts';
import type { PublishAtEdge } from './publish-rows.ts';

/** What working on one outbox needs. */
export interface OutboxWorkerOptions {
  readonly outbox: Outbox;
  readonly publish: PublishAtEdge;
  /** Ids of messages that are published already, of rows that were tried too long ago. */
  readonly findPublished: (rows: readonly OutboxRow[]) => Promise<ReadonlySet<string>>;
  readonly batchRows: number;
  readonly pollMs: number;
  /** 0 = published rows are removed at once. */
  readonly keepPublishedMs: number;
  readonly maxPayloadBytes: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: OutboxMetrics;
  /** Told of each change, with the code of what has caused it. */
  readonly onState: (state: OutboxState, error: unknown) => void;
}

/** Of one request to the edge, with room for what is beside the payloads. */
const BATCH_BYTES = 1_000_000;
const LOOK_EVERY_MS = 5_000;
const RETRY_MS = 1_000;
/** What was read longer ago may be another's by the time at which it is published. */
const FRESH_MS = SILENCE_MS - EDGE_TIMEOUT_MS - 1_000;
const NO_FIGURES: OutboxFigures = { waiting: 0, oldestMs: 0, refused: 0 };

/**
 * Publishes the rows of one outbox while it has the turn, and waits for it while another has. A row ends when it is published
 * or refused for good; all others are tried again, under the same id and in the order of their channel.
 */
export class OutboxWorker {
  readonly #options: OutboxWorkerOptions;
  readonly #ending = new AbortController();
  readonly #wakeups = new Wakeups(this.#ending.signal);
  readonly #pauses = new Pauses();
  readonly #ended: Promise<void>;
  #state: OutboxState = 'starting';
  #figures = NO_FIGURES;
  #lookedMs = -Infinity;

  /** Begins at once. */
  constructor(options: OutboxWorkerOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  gauges(): OutboxGauges {
    return { state: this.#state, ...this.#figures };
  }

  /** Takes up nothing more, and gives the turn back when what is under way has ended. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      let session: OutboxSession | undefined;
      try {
        session = await this.#options.outbox.open(() => this.#wakeups.wake());
        await this.#serve(session);
      } catch (error) {
        this.#set(error instanceof BusError && error.code === 'NOT_FOUND' ? 'missing' : 'unreachable', error);
        await this.#rest(RETRY_MS);
      } finally {
        await session?.close();
        this.#figures = NO_FIGURES;
        this.#lookedMs = -Infinity;
      }
    }
  }

  async #serve(session: OutboxSession): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && !(await session.take())) {
      this.#set('standby');
      await this.#rest(this.#options.pollMs);
    }
    while (!signal.aborted) {
      await this.#look(session);
      const restMs = await this.#publishNext(session);
      if (restMs > 0) await this.#wakeups.wait(restMs);
    }
  }

  /** Gives for how long there is nothing to do, unless rows come. */
  async #publishNext(session: OutboxSession): Promise<number> {
    const { batchRows, pollMs, maxPayloadBytes, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const pausedMs = this.#pauses.allMs(startedMs);
    if (pausedMs > 0) {
      await this.#rest(pausedMs);
      return 0;
    }
    const withoutChannels = this.#pauses.channels(startedMs);
    const wanted = { maxRows: batchRows, maxBytes: BATCH_BYTES, maxPayloadBytes, withoutChannels };
    const rows = await session.next(wanted);
    if (rows.length === 0) {
      if (withoutChannels.length === 0) this.#set('working');
      return Math.min(pollMs, this.#pauses.nextMs(startedMs));
    }
    if (clock.monotonicMs() - startedMs > FRESH_MS) throw new BusError('UNAVAILABLE', 'The database is too slow.');
    await this.#publish(rows, session);
    return 0;
  }

  async #publish(rows: readonly OutboxRow[], session: OutboxSession): Promise<void> {
    const { publish, findPublished, metrics, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const doubtful = rows.filter(({ triedMs = 0 }) => triedMs > LOG_KNOWS_MS);
      const found = doubtful.length === 0 ? NONE : await findPublished(doubtful);
      const isFound = ({ messageId }: OutboxRow): boolean => found.has(messageId);
      const known = rows.filter(isFound).map(({ rowId }): OutboxEnd => ({ rowId, state: 'published' }));
      const unknown = rows.filter((row) => !isFound(row));
      const { ends, waiting } = await publishRows(unknown, publish);
      await this.#settle(session, [...known, ...ends]);
      for (const _ of known) metrics.found();
      this.#tell(rows, ends, clock.monotonicMs() - startedMs);
      const nowMs = clock.monotonicMs();
      for (const [channel, { code, askedMs }] of waiting) {
        this.#pauses.pause(channel, nowMs, askedMs);
        metrics.held(code);
      }
      if (ends.some(({ state }) => state === 'published')) this.#set('working');
      else if (waiting.size > 0) this.#set('held_up', new BusError([...waiting.values()][0]?.code ?? 'UNAVAILABLE'));
    } catch (error) {
      await this.#holdUp(rows, session, error);
    }
  }

  /** Nothing is known of any row. */
  async #holdUp(rows: readonly OutboxRow[], session: OutboxSession, error: unknown): Promise<void> {
    if (error instanceof SettleError) throw error.cause;
    const { clock, metrics } = this.#options;
    const code = error instanceof BusError ? error.code : 'INTERNAL_ERROR';
    const asked = error instanceof BusError ? error.details['retry_after_ms'] : undefined;
    metrics.held(code);
    this.#pauses.pauseAll(clock.monotonicMs(), typeof asked === 'number' ? asked : undefined);
    this.#set(KEY_CODES.has(code) ? 'key_refused' : 'held_up', error);
    if (isOpen(code)) await session.settle(tried(rows), false);
  }

  /** A database that fails ends the session; what was published is published again, under the same ids. */
  async #settle(session: OutboxSession, ends: readonly OutboxEnd[]): Promise<void> {
    try {
      await session.settle(ends, this.#options.keepPublishedMs > 0);
    } catch (cause) {
      throw new SettleError('', { cause });
    }
  }

  #tell(rows: readonly OutboxRow[], ends: readonly OutboxEnd[], tookMs: number): void {
    const { metrics } = this.#options;
    const byId = new Map(rows.map((row) => [row.rowId, row]));
    for (const end of ends) {
      const row = byId.get(end.rowId);
      if (row === undefined || end.state === 'tried') continue;
      this.#pauses.resume(row.channel);
      if (end.state === 'published') metrics.published(row.ageMs + tookMs);
      else metrics.refused(end.code);
    }
  }

  async #look(session: OutboxSession): Promise<void> {
    const { clock, keepPublishedMs } = this.#options;
    if (clock.monotonicMs() - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#figures = await session.figures();
    // Also where it is 0: they may have been kept before the setting was changed.
    await session.tidy(keepPublishedMs);
    this.#lookedMs = clock.monotonicMs();
  }

  /** Not ended by rows that come. */
  async #rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  #set(state: OutboxState, error?: unknown): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state, error);
  }
}

/** Of the database and not of the bus. */
class SettleError extends Error {}

const NONE: ReadonlySet<string> = new Set();
const KEY_CODES: ReadonlySet<string> = new Set(['AUTHENTICATION_FAILED', 'TOKEN_EXPIRED', 'BANNED']);

function tried(rows: readonly OutboxRow[]): readonly OutboxEnd[] {
  return rows.map(({ rowId }) => ({ rowId, state: 'tried' }));
}
