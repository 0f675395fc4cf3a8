import { BusError } from '@arqonbus/protocol';
import { OneWay } from '../time/one-way.ts';
import type { Delays } from '../time/one-way.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import type { Actor, VirtualTime } from '../time/virtual-time.ts';
import type { Faults } from './faults.ts';
import type { Hub } from './hub.ts';

/** What a link tells: it was cut, or is there again. */
export interface LinkListener {
  onCut(): void;
  onRestored(): void;
}

/** A process's connection with the hub: in order both ways, as over TCP; while it is cut nothing passes. */
export class HubLink {
  readonly actor: Actor;
  readonly hub: Hub;
  readonly faults: Faults;
  readonly #time: VirtualTime;
  readonly #up: OneWay;
  readonly #down: OneWay;
  readonly #listeners: LinkListener[] = [];
  readonly #waiting = new Set<() => void>();
  isUp = true;

  constructor(time: VirtualTime, random: SeededRandom, actor: Actor, hub: Hub, faults: Faults, delays: Delays) {
    this.#time = time;
    this.actor = actor;
    this.hub = hub;
    this.faults = faults;
    this.#up = new OneWay(time, random, delays);
    this.#down = new OneWay(time, random, delays);
  }

  listen(listener: LinkListener): void {
    this.#listeners.push(listener);
  }

  /** Has the hub do something. */
  up(run: () => void): void {
    if (this.isUp) this.#up.send(this.hub.actor, run);
  }

  /** Has the process do something. */
  down(run: () => void): void {
    if (this.isUp) this.#down.send(this.actor, run);
  }

  /**
   * Has the hub do something and gives the outcome. `UNAVAILABLE` where the link is cut, `TIMEOUT` where it is cut
   * meanwhile, or question or answer get lost: then nobody knows what was done.
   */
  ask<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
    if (!this.isUp) return Promise.reject(new BusError('UNAVAILABLE'));
    const isQuestionLost = this.faults.isSilent();
    const isAnswerLost = this.faults.isSilent();
    return new Promise((resolve, reject) => {
      const fail = (): void => settle(() => reject(new BusError('TIMEOUT')));
      const timer = this.#time.after(timeoutMs, this.actor, fail);
      const settle = (how: () => void): void => {
        timer.cancel();
        this.#waiting.delete(fail);
        how();
      };
      this.#waiting.add(fail);
      const answer = (how: () => void): void => {
        if (!isAnswerLost) this.down(() => settle(how));
      };
      if (isQuestionLost) return;
      this.up(() => {
        work().then(
          (value) => answer(() => resolve(value)),
          (error: Error) => answer(() => reject(error)),
        );
      });
    });
  }

  cut(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.#up.cut();
    this.#down.cut();
    this.#time.after(0, this.actor, () => {
      for (const fail of this.#waiting) fail();
      this.#waiting.clear();
    });
    // What the hub keeps for a connection ends with it, also where nobody lives to be told.
    for (const listener of this.#listeners) listener.onCut();
  }

  restore(): void {
    if (this.isUp) return;
    this.isUp = true;
    for (const listener of this.#listeners) listener.onRestored();
  }

  /** Tells the process something of its own link, now. */
  tell(run: () => void): void {
    this.#time.after(0, this.actor, run);
  }
}
