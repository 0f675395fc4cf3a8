import type { ModuleShape } from '../binary/module-shape.ts';

/** What is taken beside the prices of instructions. */
export interface CodePrices {
  readonly store: number;
  /** Copying and filling, beside their bytes. */
  readonly bulk: number;
  readonly branch: number;
  /** Paying for a run. */
  readonly paying: number;
}

const SMALL: CodePrices = Object.freeze({ store: 0, bulk: 0, branch: 0, paying: 0 });
const LARGE: CodePrices = Object.freeze({ store: 6, bulk: 18, branch: 2, paying: 4 });

/** From here on the same instruction takes ten times as long. */
const LARGE_CODE_BYTES = 32_768;

/**
 * The prices of what metering puts between instructions. In small modules that is next to nothing. Large code is not in the
 * processor's caches when its turn comes, and the engine makes none of it faster: there it is most of the time (decision 66).
 */
export function codePrices({ bodies }: ModuleShape): CodePrices {
  let bytes = 0;
  for (const { start, end } of bodies) bytes += end - start;
  return bytes > LARGE_CODE_BYTES ? LARGE : SMALL;
}
