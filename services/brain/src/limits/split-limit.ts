/** Part of a limit that is split evenly among the Shields whatever they ask for, so that none begins with nothing. */
const EVEN_PART = 0.1;

/**
 * The part of a limit, from 0 to 1, that one Shield gets when Shields ask for `demands` per second and this one for
 * `own`, which is one of them. The parts of all add up to 1, so nothing is granted twice (PRT-27); they are even while
 * little is asked for, and follow the demand when much is.
 */
export function splitLimit(limit: number, own: number, demands: readonly number[]): number {
  const even = (limit * EVEN_PART) / demands.length;
  const all = demands.reduce((sum, demand) => sum + demand, 0);
  return (own + even) / (all + even * demands.length);
}
