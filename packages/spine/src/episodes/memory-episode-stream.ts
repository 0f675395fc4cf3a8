import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { WorkTaker } from '../work/work-queue.ts';
import type {
  EpisodeBacklog,
  EpisodeItem,
  EpisodePage,
  EpisodeRange,
  EpisodeStream,
  NewEpisodeEvent,
  StoredEpisodeEvent,
  TakeEpisodesOptions,
} from './episode-stream.ts';

/** What a stream in memory can be given. */
export interface MemoryEpisodeStreamOptions {
  /** Bytes of all events together; the oldest go. */
  readonly maxBytes: number;
  /** How long events are kept. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** How many ids are remembered, so that the same event is not added twice. Default 10,000. */
  readonly maxIds?: number;
  /** Runs something later. Default: a timer that keeps no process alive. */
  readonly startTimer?: (delayMs: number, run: () => void) => void;
}

const MAX_IDS = 10_000;

interface Taker extends TakeEpisodesOptions {
  readonly inHand: Set<number>;
}

/** Events in the memory of this process, and gone with it. */
export function createMemoryEpisodeStream(options: MemoryEpisodeStreamOptions): EpisodeStream {
  return new MemoryEpisodeStream(options);
}

class MemoryEpisodeStream implements EpisodeStream {
  readonly #options: Required<MemoryEpisodeStreamOptions>;
  /** In the order of their sequences. */
  readonly #kept = new Map<number, StoredEpisodeEvent>();
  /** Those that are neither done nor in somebody's hand, and those that are in one. */
  readonly #waiting = new Set<number>();
  readonly #inHand = new Set<number>();
  readonly #ids = new Set<string>();
  readonly #takers: Taker[] = [];
  #bytes = 0;
  #seq = 0;
  #isHandingOut = false;

  constructor({ maxIds = MAX_IDS, startTimer = startUnheldTimer, ...options }: MemoryEpisodeStreamOptions) {
    this.#options = { ...options, maxIds, startTimer };
  }

  async add({ tenant, id, data }: NewEpisodeEvent): Promise<void> {
    const key = `${tenant}/${id}`;
    if (this.#ids.has(key)) return;
    if (data.length > this.#options.maxBytes) throw new BusError('UNAVAILABLE', 'The event is larger than the stream.');
    this.#ids.add(key);
    const [oldestId] = this.#ids;
    if (this.#ids.size > this.#options.maxIds && oldestId !== undefined) this.#ids.delete(oldestId);
    this.#seq += 1;
    this.#kept.set(this.#seq, { tenant, seq: this.#seq, atMs: this.#options.now(), data: new Uint8Array(data) });
    this.#waiting.add(this.#seq);
    this.#bytes += data.length;
    this.#giveUp();
    this.#handOutSoon();
  }

  async take(options: TakeEpisodesOptions): Promise<WorkTaker> {
    const taker: Taker = { ...options, inHand: new Set() };
    this.#takers.push(taker);
    this.#handOutSoon();
    return {
      stop: () => {
        const index = this.#takers.indexOf(taker);
        if (index < 0) return;
        this.#takers.splice(index, 1);
        for (const seq of taker.inHand) this.#putBack(seq);
        taker.inHand.clear();
      },
    };
  }

  async read(tenant: TenantId, { afterSeq, limit, maxBytes }: EpisodeRange): Promise<EpisodePage> {
    this.#giveUp();
    const events: StoredEpisodeEvent[] = [];
    let bytes = 0;
    for (const event of this.#kept.values()) {
      if (event.tenant !== tenant || event.seq <= afterSeq) continue;
      if (events.length >= limit || bytes >= maxBytes) return { events, isAll: false };
      events.push(event);
      bytes += event.data.length;
    }
    return { events, isAll: true };
  }

  async backlog(tenant?: TenantId): Promise<EpisodeBacklog> {
    const undone = [...this.#kept.values()].filter(({ seq }) => this.#waiting.has(seq) || this.#inHand.has(seq));
    const oldest = undone.find((event) => tenant === undefined || event.tenant === tenant);
    return { waiting: undone.length, oldestAtMs: oldest?.atMs };
  }

  #giveUp(): void {
    const oldestMs = this.#options.now() - this.#options.maxAgeMs;
    for (const { seq, atMs, data } of this.#kept.values()) {
      if (this.#bytes <= this.#options.maxBytes && atMs >= oldestMs) return;
      this.#kept.delete(seq);
      this.#waiting.delete(seq);
      this.#bytes -= data.length;
    }
  }

  #putBack(seq: number): void {
    this.#inHand.delete(seq);
    if (!this.#kept.has(seq)) return;
    this.#waiting.add(seq);
    this.#handOutSoon();
  }

  /** Never within the call of who adds. */
  #handOutSoon(): void {
    if (this.#isHandingOut) return;
    this.#isHandingOut = true;
    queueMicrotask(() => {
      this.#isHandingOut = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    for (const seq of this.#waiting) {
      const taker = this.#takers.find(({ inHand, maxInHand }) => inHand.size < maxInHand);
      const event = this.#kept.get(seq);
      if (taker === undefined) return;
      this.#waiting.delete(seq);
      if (event === undefined) continue;
      // Others get the next ones.
      this.#takers.push(...this.#takers.splice(this.#takers.indexOf(taker), 1));
      taker.inHand.add(seq);
      this.#inHand.add(seq);
      taker.onItem(this.#itemOf(event, taker));
    }
  }

  #itemOf(event: StoredEpisodeEvent, taker: Taker): EpisodeItem {
    const { seq } = event;
    const release = (): boolean => taker.inHand.delete(seq);
    return {
      ...event,
      ack: () => {
        if (!release()) return;
        this.#inHand.delete(seq);
        this.#handOutSoon();
      },
      nak: (delayMs) => {
        if (release()) this.#options.startTimer(delayMs, () => this.#putBack(seq));
      },
    };
  }
}

function startUnheldTimer(delayMs: number, run: () => void): void {
  setTimeout(run, delayMs).unref();
}
