import { setTimeout as delay } from 'node:timers/promises';
import type { TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { EpisodePublication } from '@arqonbus/protocol/spine-messages';
import type { EpisodeItem, WorkTaker } from '@arqonbus/spine';
import type { ContinuumParts } from './continuum-parts.ts';
import { projectAll } from './project-all.ts';
import type { Projected } from './project-all.ts';

/** What the projector needs beside. */
export interface ProjectorOptions {
  readonly parts: ContinuumParts;
  /** Told why events come later than they could. */
  readonly onError: (error: unknown) => void;
}

/** Fetched ahead of what is done: memory for so many events. */
const MAX_IN_HAND = 1_024;
/** Events of one transaction. */
const MAX_BATCH = 512;
/**
 * Between the beginnings of two batches, unless as many wait as one holds. A transaction for each event cost Brain and Postgres
 * more than publishing it: what comes meanwhile shares one (CTM-4).
 */
const GATHER_MS = 100;
const AGAIN_MS = 1_000;

interface Taken {
  readonly item: EpisodeItem;
  readonly publication: EpisodePublication | undefined;
}

/**
 * Takes events from the stream as one of all Brains, and projects them in batches (CTM-1, CTM-2). An event is done once it
 * is in the store: whoever dies before leaves it to another, and while the store is away all of them wait in the stream
 * (CTM-4).
 */
export class EpisodeProjector {
  readonly #options: ProjectorOptions;
  #taker: WorkTaker | undefined;
  #isTaking = false;
  #isClosed = false;
  #isFailing = false;
  #buffer: EpisodeItem[] = [];
  #working: Promise<void> | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  /** Takes part where it does not, and looks at what waits. Run every second. */
  async tick(): Promise<void> {
    const { stream, metrics, clock } = this.#options.parts;
    await this.#take();
    metrics?.waits(await stream.backlog().catch(() => undefined), clock.now());
  }

  /** Takes no more, and ends what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#taker?.stop();
    for (const item of this.#buffer.splice(0)) item.nak(0);
    await this.#working;
  }

  async #take(): Promise<void> {
    if (this.#taker !== undefined || this.#isTaking || this.#isClosed) return;
    this.#isTaking = true;
    let isEnded = false;
    const onEnded = (): void => {
      isEnded = true;
      this.#taker = undefined;
    };
    try {
      const onItem = (item: EpisodeItem): void => this.#onItem(item);
      const taker = await this.#options.parts.stream.take({ maxInHand: MAX_IN_HAND, onItem, onEnded });
      if (this.#isClosed) taker.stop();
      else if (!isEnded) this.#taker = taker;
    } catch (error) {
      // The next tick tries again.
      this.#options.onError(error);
    } finally {
      this.#isTaking = false;
    }
  }

  #onItem(item: EpisodeItem): void {
    this.#buffer.push(item);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    // What comes in the same turn belongs to the same batch.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const { clock } = this.#options.parts;
    while (this.#buffer.length > 0) {
      const startedMs = clock.monotonicMs();
      const batch = byTenant(this.#buffer.splice(0, MAX_BATCH));
      await Promise.all([...batch].map(([tenant, items]) => this.#project(tenant, items)));
      const restMs = GATHER_MS - (clock.monotonicMs() - startedMs);
      if (restMs > 0 && this.#buffer.length < MAX_BATCH && !this.#isClosed) await delay(restMs);
    }
  }

  async #project(tenant: TenantId, items: readonly EpisodeItem[]): Promise<void> {
    const { parts, onError } = this.#options;
    const taken = items.map((item) => ({ item, publication: readMessage(EpisodePublicationSchema, item.data) }));
    const candidates = taken.map(({ item, publication }) => ({ data: publication?.event ?? NOTHING, atMs: item.atMs }));
    try {
      const results = await projectAll(parts, tenant, candidates);
      for (const [index, one] of taken.entries()) this.#done(one, results[index]);
      this.#isFailing = false;
    } catch (error) {
      parts.metrics?.putOff(items.length);
      for (const item of items) item.nak(AGAIN_MS);
      // Told once, and not every second for as long as the store is away.
      if (!this.#isFailing) onError(error);
      this.#isFailing = true;
    }
  }

  #done({ item, publication }: Taken, result: Projected | undefined): void {
    item.ack();
    const { metrics, clock } = this.#options.parts;
    if (metrics === undefined || result === undefined) return;
    // What a command has projected is no duplicate that somebody sent.
    if (publication?.byCommand === true && result.status === 'duplicate') return;
    const count = result.status === 'dlq_queued' ? 'dead' : result.status;
    metrics.counted(count, Math.max(0, clock.now() - item.atMs) / 1_000);
  }
}

const NOTHING = new Uint8Array(0);

function byTenant(items: readonly EpisodeItem[]): ReadonlyMap<TenantId, EpisodeItem[]> {
  const groups = new Map<TenantId, EpisodeItem[]>();
  for (const item of items) {
    const group = groups.get(item.tenant);
    if (group === undefined) groups.set(item.tenant, [item]);
    else group.push(item);
  }
  return groups;
}
