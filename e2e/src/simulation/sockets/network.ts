import { OneWay } from '../time/one-way.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import type { Actor, VirtualTime } from '../time/virtual-time.ts';
import type { SimulatedListener } from './simulated-listener.ts';

const DELAYS = { fromMs: 0.2, toMs: 8, spikes: 0.01, spikeMs: 150 };

/** What happens to the frames of the server on their way to a client; each given back is received. */
export type FrameFault = (data: string | ArrayBuffer) => readonly (string | ArrayBuffer)[];

/** The ways between one client and the Shield that it has reached. */
export interface Ways {
  readonly toShield: OneWay;
  readonly toClient: OneWay;
}

/** Where clients find Shields, as through a balancer that sends each to any that lives. */
export class Network {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly frameFault: FrameFault;
  readonly #listeners = new Set<SimulatedListener<unknown>>();

  constructor(time: VirtualTime, random: SeededRandom, frameFault: FrameFault) {
    this.time = time;
    this.random = random;
    this.frameFault = frameFault;
  }

  add(listener: SimulatedListener<unknown>): void {
    this.#listeners.add(listener);
  }

  remove(listener: SimulatedListener<unknown>): void {
    this.#listeners.delete(listener);
  }

  /** Any that accepts connections; undefined where none does. */
  pick(): SimulatedListener<unknown> | undefined {
    const open = [...this.#listeners];
    return open.length === 0 ? undefined : this.random.pick(open);
  }

  /** Every connection of this process breaks, and its listeners with it. */
  breakAll(actor: Actor): void {
    for (const listener of this.#listeners) if (listener.actor === actor) listener.die();
  }

  createWays(): Ways {
    return {
      toShield: new OneWay(this.time, this.random, DELAYS),
      toClient: new OneWay(this.time, this.random, DELAYS),
    };
  }
}
