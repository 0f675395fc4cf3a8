import { BusError } from '@arqonbus/sdk';
import type { Kind, Step, Sweep, Tally, Thing } from './step.ts';

/** Passes over what cannot be listed: the first takes what is there, the next what came meanwhile. */
const MAX_PASSES = 3;

/** How far a step has come. Neither call rejects: what goes wrong is why something is left. */
export interface Progress {
  /** Removes what there is. */
  clear(): Promise<void>;
  /** Looks what there is now. */
  look(): Promise<void>;
  tally(): Tally;
}

/** A step at its beginning. */
export function progressOf(step: Step): Progress {
  return 'list' in step ? new KindProgress(step) : new SweepProgress(step);
}

class KindProgress implements Progress {
  readonly #kind: Kind;
  readonly #seen = new Set<string>();
  #left: readonly Thing[] = [];
  /** Why it could not be listed. */
  #unlisted: unknown;
  /** Why a thing could not be removed. */
  #kept = new Map<string, unknown>();

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  async clear(): Promise<void> {
    await this.look();
    this.#kept = new Map();
    for (const thing of this.#left) {
      try {
        await thing.remove();
      } catch (error) {
        this.#kept.set(thing.id, error);
      }
    }
  }

  async look(): Promise<void> {
    try {
      this.#left = await this.#kind.list();
      this.#unlisted = undefined;
      for (const { id } of this.#left) this.#seen.add(id);
    } catch (error) {
      this.#unlisted = error;
    }
  }

  tally(): Tally {
    const { name } = this.#kind;
    const isOff = this.#unlisted instanceof BusError && this.#unlisted.code === 'FEATURE_DISABLED';
    const isUnknown = this.#unlisted !== undefined && !isOff;
    const left = Math.max(this.#left.length, isUnknown ? 1 : 0);
    const [first] = this.#left;
    const reason = first === undefined ? undefined : this.#kept.get(first.id);
    const kept = first === undefined || reason === undefined ? undefined : `${first.id}: ${wordsOf(reason)}`;
    const why = this.#unlisted === undefined ? kept : wordsOf(this.#unlisted);
    return { name, found: this.#seen.size, removed: this.#seen.size - this.#left.length, left, why };
  }
}

class SweepProgress implements Progress {
  readonly #sweep: Sweep;
  #found: number | undefined;
  #left = 0;
  #error: unknown;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
  }

  async clear(): Promise<void> {
    try {
      for (let pass = 1; pass <= MAX_PASSES; pass++) {
        this.#left = await this.#sweep.sweep();
        this.#found = (this.#found ?? 0) + this.#left;
        if (this.#left === 0) break;
      }
      this.#error = undefined;
    } catch (error) {
      this.#error = error;
    }
  }

  async look(): Promise<void> {
    // What it would find only removing it tells.
  }

  tally(): Tally {
    const left = Math.max(this.#left, this.#error === undefined ? 0 : 1);
    const found = this.#found;
    const why = this.#error === undefined ? undefined : wordsOf(this.#error);
    return { name: this.#sweep.name, found, removed: found ?? 0, left, why };
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof BusError) return `${error.code} ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
