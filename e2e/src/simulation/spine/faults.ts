import type { SpineMessage } from '@arqonbus/spine';
import type { SeededRandom } from '@arqonbus/testkit';

/** How often what goes over a link goes wrong, each in [0, 1]. */
export interface FaultRates {
  /** A message gets lost on its way to one process. */
  readonly losses: number;
  /** A message of a log comes twice. */
  readonly duplicates: number;
  /** A request, or its answer, gets lost. */
  readonly silences: number;
  /** The log refuses. */
  readonly refusals: number;
}

/** Decides what goes wrong; nothing does any more once it is off. */
export class Faults {
  isOn = true;
  readonly rates: FaultRates;
  readonly #random: SeededRandom;

  constructor(rates: FaultRates, random: SeededRandom) {
    this.rates = rates;
    this.#random = random;
  }

  isLost(): boolean {
    return this.isOn && this.#random.chance(this.rates.losses);
  }

  isRepeated({ seq }: SpineMessage): boolean {
    return this.isOn && seq > 0 && this.#random.chance(this.rates.duplicates);
  }

  isSilent(): boolean {
    return this.isOn && this.#random.chance(this.rates.silences);
  }

  isRefused(): boolean {
    return this.isOn && this.#random.chance(this.rates.refusals);
  }
}
