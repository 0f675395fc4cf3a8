/** A number that only grows. Counting is one addition; nothing else happens before a scrape. */
export class Counter {
  value = 0;

  /** Adds `n`, which must not be negative. */
  inc(n = 1): void {
    this.value += n;
  }
}

/** The label value that stands for all beyond the bound of a {@link LabelledCounter}. */
export const OTHER_LABEL = 'other';

/** Counters by the values of one label. The number of values is bounded; later ones are counted as `other` (SAF-5). */
export class LabelledCounter {
  readonly counters: Map<string, Counter> = new Map();
  readonly #maxValues: number;

  constructor(maxValues: number) {
    this.#maxValues = maxValues;
  }

  /** Adds `n` to the counter of this label value. */
  inc(labelValue: string, n = 1): void {
    const counter = this.counters.get(labelValue) ?? this.#open(labelValue);
    counter.value += n;
  }

  /** The sum over all values. */
  total(): number {
    let sum = 0;
    for (const { value } of this.counters.values()) sum += value;
    return sum;
  }

  #open(labelValue: string): Counter {
    const name = this.counters.size < this.#maxValues ? labelValue : OTHER_LABEL;
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const counter = new Counter();
    this.counters.set(name, counter);
    return counter;
  }
}

/** Counts observations by size in fixed buckets. */
export class Histogram {
  /** Upper bounds in seconds, ascending. */
  readonly bounds: Float64Array;
  /** Observations per bucket, the last for those above every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Takes one observation into account. */
  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && seconds > (this.bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += seconds;
  }
}
