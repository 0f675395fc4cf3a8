/** A number from 0 to below this one. */
export type Random = (below: number) => number;

/** A linear congruential generator: of one seed the same in every run. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}
