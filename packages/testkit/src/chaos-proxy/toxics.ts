/** What a link suffers, in both directions alike. */
export interface Toxics {
  /** Each byte arrives that much later. */
  readonly latencyMs: number;
  /** What each direction of each link carries at most; 0 = unlimited. */
  readonly bytesPerSecond: number;
  /** Bytes are handed on in pieces of at most that many, one in each turn of the event loop; 0 = as they come. */
  readonly sliceBytes: number;
  /** The end of one side, orderly or not, reaches the other that much later than its last byte would. */
  readonly slowCloseMs: number;
}

/** A link as good as loopback is. */
export const noToxics: Toxics = { latencyMs: 0, bytesPerSecond: 0, sliceBytes: 0, slowCloseMs: 0 };

/** A direction between the two sides of a link; `toServer` is what the client writes. */
export type Direction = 'toServer' | 'toClient';

/** The toxics with some of them replaced. Throws for what is not a length of time or a size. */
export function changeToxics(toxics: Toxics, changes: Partial<Toxics>): Toxics {
  const changed = { ...toxics, ...changes };
  const wrong = Object.entries(changed).find(([, value]) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (wrong !== undefined) throw new RangeError(`${wrong[0]} cannot be ${wrong[1]}`);
  return changed;
}
