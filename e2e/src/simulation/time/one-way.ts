import type { SeededRandom } from '@arqonbus/testkit';
import type { Actor, VirtualTime } from './virtual-time.ts';

/** How long things take on their way. */
export interface Delays {
  readonly fromMs: number;
  readonly toMs: number;
  /** How often something is held up for much longer, and with it all that follows. */
  readonly spikes: number;
  readonly spikeMs: number;
}

/** One direction of a connection: what goes in comes out in the same order, after a while, or not at all once it is cut. */
export class OneWay {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #delays: Delays;
  #lastMs = 0;
  #generation = 0;

  constructor(time: VirtualTime, random: SeededRandom, delays: Delays) {
    this.#time = time;
    this.#random = random;
    this.#delays = delays;
  }

  /** Has `to` run something when it arrives. */
  send(to: Actor, arrive: () => void): void {
    const generation = this.#generation;
    this.#lastMs = Math.max(this.#lastMs, this.#time.nowMs + this.#delay());
    this.#time.at(this.#lastMs, to, () => {
      if (generation === this.#generation) arrive();
    });
  }

  /** What is on its way is lost. */
  cut(): void {
    this.#generation++;
    this.#lastMs = 0;
  }

  #delay(): number {
    const { fromMs, toMs, spikes, spikeMs } = this.#delays;
    const usual = this.#random.between(fromMs, toMs);
    return this.#random.chance(spikes) ? usual + this.#random.between(0, spikeMs) : usual;
  }
}
