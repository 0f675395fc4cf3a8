import type { Random } from './random.ts';

/** Something that reads what others wrote, and what must hold whatever that is (P-20). */
export interface FuzzTarget {
  readonly name: string;
  /** Makes one input: most of them nearly right, since what is far off is refused by the first look. */
  make(random: Random): Uint8Array;
  /** Throws, or rejects, where something does not hold. */
  check(input: Uint8Array): void | Promise<void>;
}
