/** An input that broke something once, and must not again. */
export interface Crasher {
  readonly target: string;
  /** What it broke. */
  readonly about: string;
  readonly base64: string;
}

/** Everything that fuzzing has found so far; every run begins with them. */
export const crashers: readonly Crasher[] = [];
