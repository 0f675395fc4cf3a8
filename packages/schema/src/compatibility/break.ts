/** A difference that makes one version refuse what the other one says. */
export interface Break {
  /** Where: `items[].price`; empty = the whole. */
  readonly path: string;
  /** What differs, in words. */
  readonly change: string;
}

/** What a new version must get on with (SCH-3). */
export type Compatibility = 'backward' | 'forward' | 'full' | 'none';

/** Breaks beyond this number are not told. */
export const MAX_BREAKS = 50;

/** Collects the breaks of one direction: `narrow` refuses something that the other version accepts. */
export class Breaks {
  readonly list: Break[] = [];
  readonly #narrow: string;

  constructor(narrow: string) {
    this.#narrow = narrow;
  }

  /** `change` goes on from "the new version …". */
  add(path: string, change: string): void {
    if (this.list.length < MAX_BREAKS) this.list.push({ path, change: `${this.#narrow} ${change}` });
  }
}
