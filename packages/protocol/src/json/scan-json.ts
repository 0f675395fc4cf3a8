import { JsonScanner } from './json-scanner.ts';
import type { ScanLimits, ScanProblem } from './scan-limits.ts';

const scanner = new JsonScanner();

/** Choices of {@link scanJson}; shared objects, so a scan allocates nothing. */
export interface ScanOptions {
  /** Refuse the keys `constructor` and `prototype`, as in the envelope, `args` and `metadata` (PRT-8). */
  readonly refusesPrototypes: boolean;
  /** Containers that the value lies in already; they count towards the depth. */
  readonly outerDepth: number;
}

const standalone: ScanOptions = { refusesPrototypes: false, outerDepth: 0 };

/**
 * Checks that `bytes` from `start` to `end` are exactly one JSON value in well-formed UTF-8 that every parser reads the
 * same way (PRT-8); undefined = it is fine. Beyond what `JSON.parse` refuses it refuses: too much depth, too many keys
 * or items, duplicate keys (escapes resolved), the key `__proto__`, lone surrogates and numbers beyond a double.
 * Takes time linear in the length, whatever the bytes are.
 */
export function scanJson(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ScanLimits,
  options: ScanOptions = standalone,
): ScanProblem | undefined {
  const { outerDepth } = options;
  scanner.begin(bytes, end, limits, options.refusesPrototypes, outerDepth);
  let position = scanner.value(scanner.skipSpace(start));
  if (position >= 0) position = scanner.rest(position);
  const problem = position < 0 ? scanner.problem() : undefined;
  scanner.finish();
  return problem;
}
