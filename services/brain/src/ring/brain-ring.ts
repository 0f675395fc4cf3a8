import { BusError, NO_BYTES } from '@arqonbus/protocol';
import { PARTITIONS } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange, KeyValueWatch } from '@arqonbus/spine';
import { ownerOf } from './owner-of.ts';

/** A Brain that has not renewed its lease for so long is gone, and its partitions go to others. */
export const BRAIN_LEASE_MS = 3_000;
/** How often each Brain renews its own. */
export const RENEW_EVERY_MS = 1_000;
/** The lease of a Brain that is gone for so long is removed. */
const FORGET_MS = 60_000;

/** What the ring is made of. */
export interface BrainRingOptions {
  /** Among all Brains; a name as keys may hold. */
  readonly id: string;
  /** The bucket `ARQON_BRAINS`. */
  readonly bucket: KeyValue;
  /** Monotonic. */
  readonly monotonicMs: () => number;
  /** Told the partitions of this Brain whenever they change; where it throws, again with the next tick. */
  readonly onOwned: (partitions: ReadonlySet<number>) => void;
  /** Told why a lease could not be renewed, and what `onOwned` threw. */
  readonly onError: (error: unknown) => void;
}

interface Seen {
  readonly revision: number;
  readonly atMs: number;
}

/**
 * Which partitions belong to this Brain (ARC-3). Each Brain holds a lease, a key that it writes anew every second; who
 * owns what follows from the leases alone. A lease is over when its revision has not moved for {@link BRAIN_LEASE_MS} of
 * the observer's own clock, so no two clocks are ever compared. A Brain that cannot renew its own gives up everything
 * before others take it.
 *
 * Two Brains may own a partition for a moment, when one has heard of a third and the other not yet. That is harmless:
 * what is stored is changed by compare-and-set alone, and both hear the same reports (decision 0006).
 */
export class BrainRing {
  readonly #options: BrainRingOptions;
  readonly #seen = new Map<string, Seen>();
  #watch: KeyValueWatch | undefined;
  #revision = 0;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #renewing: Promise<void> | undefined;
  #owned: ReadonlySet<number> = new Set();
  #hasLeft = false;
  #onAlone: () => void = () => undefined;

  constructor(options: BrainRingOptions) {
    this.#options = options;
  }

  /** Resolves once the others are known and this Brain is one of them. Throws `UNAVAILABLE`. */
  async open(): Promise<void> {
    this.#watch = this.#options.bucket.watch('', (change) => this.#observe(change));
    await this.#watch.ready;
    await this.#renew();
    this.#decide();
  }

  /** Renews the lease and looks at the others'; run every {@link RENEW_EVERY_MS}. */
  async tick(): Promise<void> {
    if (this.#hasLeft) return;
    this.#renewing ??= this.#renew()
      .catch(this.#options.onError)
      .finally(() => {
        this.#renewing = undefined;
      });
    this.#decide();
    await this.#renewing;
    this.#decide();
    await this.#forgetGone().catch(this.#options.onError);
  }

  /** Whether the lease has run out, looked at now: who stood still learns of it by nothing else. */
  isOver(): boolean {
    return !this.#hasLeft && this.#options.monotonicMs() - this.#renewedAtMs >= BRAIN_LEASE_MS;
  }

  /** Gives the lease back, so that others need not wait for its end. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    await this.#renewing;
    await this.#options.bucket.delete(this.#options.id).catch(this.#options.onError);
  }

  /** Resolves when the leases of all other Brains have been given back: nobody is left to take anything over. */
  async whenAlone(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onAlone = resolve;
      this.#tellAlone();
    });
  }

  close(): void {
    this.#watch?.stop();
  }

  #observe({ key, value, revision }: KeyValueChange): void {
    if (value === undefined) this.#seen.delete(key);
    // A watch tells everything again after a reconnect: what has not moved is no sign of life.
    else if ((this.#seen.get(key)?.revision ?? 0) < revision) {
      this.#seen.set(key, { revision, atMs: this.#options.monotonicMs() });
    }
    this.#decide();
    this.#tellAlone();
  }

  #tellAlone(): void {
    if (this.#alive().size === 1) this.#onAlone();
  }

  async #renew(): Promise<void> {
    const { bucket, id, monotonicMs } = this.#options;
    // The lease is as old as the attempt to renew it: others may have seen it then.
    const startedAtMs = monotonicMs();
    try {
      this.#revision =
        this.#revision === 0 ? await bucket.create(id, NO_BYTES) : await bucket.update(id, NO_BYTES, this.#revision);
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
      // Somebody removed it as over, or a write of ours was carried out and not answered.
      const entry = await bucket.get(id);
      this.#revision = entry?.revision ?? 0;
      return;
    }
    this.#renewedAtMs = startedAtMs;
  }

  async #forgetGone(): Promise<void> {
    const { bucket, id, monotonicMs } = this.#options;
    for (const [brain, { revision, atMs }] of this.#seen) {
      if (brain !== id && monotonicMs() - atMs >= FORGET_MS) await bucket.delete(brain, revision);
    }
  }

  #decide(): void {
    if (this.#hasLeft) return;
    const owned = this.#findOwned();
    if (owned.size === this.#owned.size && [...owned].every((partition) => this.#owned.has(partition))) return;
    try {
      this.#options.onOwned(owned);
      this.#owned = owned;
    } catch (error) {
      // The Spine may be lost just now; nobody else takes these partitions, so it is told again.
      this.#options.onError(error);
    }
  }

  #findOwned(): ReadonlySet<number> {
    const { id } = this.#options;
    if (this.isOver()) return new Set();
    const brains = this.#alive();
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    return new Set(partitions.filter((partition) => ownerOf(partition, brains) === id));
  }

  /** This Brain, and all others whose lease is not over. */
  #alive(): ReadonlySet<string> {
    const nowMs = this.#options.monotonicMs();
    const brains = new Set([this.#options.id]);
    for (const [brain, { atMs }] of this.#seen) if (nowMs - atMs < BRAIN_LEASE_MS) brains.add(brain);
    return brains;
  }
}
