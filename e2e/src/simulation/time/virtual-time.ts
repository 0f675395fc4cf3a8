import { EventQueue } from './event-queue.ts';
import type { QueuedEvent } from './event-queue.ts';

/** A process of the simulation. Dead ones do nothing any more: their timers and what was on its way to them are gone. */
export class Actor {
  readonly name: string;
  isAlive = true;
  /** By how much its wall clock is wrong. */
  skewMs = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Something that will happen, unless it is cancelled. */
export interface Scheduled {
  cancel(): void;
}

interface VirtualEvent extends QueuedEvent {
  readonly actor: Actor;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The start of every run: a wall clock like that of production. */
const START_MS = Date.UTC(2026, 2, 1, 9, 30);

// Taken before anything is put in its place.
const realImmediate = setImmediate;

/**
 * Time that passes only when nothing else is left to do. Whatever one event causes without waiting, promises included,
 * is done before the next one; so a run is decided by its seed alone.
 */
export class VirtualTime {
  /** Since the start of the run: the monotonic clock of all actors. */
  nowMs = 0;
  /** Who acts. Promises that continue after an event are still its actor's. */
  actor: Actor = new Actor('world');
  readonly world: Actor = this.actor;
  /** What events threw. */
  readonly errors: unknown[] = [];
  readonly #queue = new EventQueue<VirtualEvent>();
  #order = 0;
  #events = 0;

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** What the actor's wall clock says. */
  wallMs(): number {
    return Math.round(START_MS + this.nowMs + this.actor.skewMs);
  }

  /** Lets `actor` run something at a time; the past means now. */
  at(atMs: number, actor: Actor, run: () => void): Scheduled {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, actor, run, isCancelled: false };
    this.#queue.push(event);
    return { cancel: () => void (event.isCancelled = true) };
  }

  after(delayMs: number, actor: Actor, run: () => void): Scheduled {
    return this.at(this.nowMs + Math.max(0, delayMs), actor, run);
  }

  /** Lets time pass until then. */
  async runUntil(atMs: number): Promise<void> {
    for (let event = this.#queue.first; event !== undefined && event.atMs <= atMs; event = this.#queue.first) {
      this.#queue.pop();
      if (event.isCancelled || !event.actor.isAlive) continue;
      this.nowMs = event.atMs;
      this.actor = event.actor;
      this.#events++;
      try {
        event.run();
      } catch (error) {
        this.errors.push(error);
      }
      await new Promise<void>((resolve) => realImmediate(resolve));
    }
    this.nowMs = atMs;
    this.actor = this.world;
  }
}
