/** A schema asked for more work than a payload may cost. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * What one check may cost: schemas are written by tenants, and one that refers to itself twice may ask for more steps than
 * there are seconds. A unit is about the work of one keyword.
 */
export class WorkBudget {
  #left = 0;

  /** Begins a check. */
  open(units: number): void {
    this.#left = units;
  }

  /** Takes some; throws {@link TooMuchWork} when there is none left. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new TooMuchWork();
  }
}

/** Units of one check: about 10 ms at the worst, a hundred times what an ordinary payload of 64 KiB takes. */
export const MAX_WORK = 2_000_000;
