import { createFieldIndex } from './json-fields.ts';
import { JsonScanner } from './json-scanner.ts';
import type { ScanLimits } from './scan-limits.ts';

const scanner = new JsonScanner();

/**
 * The text of a member's value as it is written in the object; undefined = there is none of this name. Parsing and writing
 * it again would change numbers that no double holds. `object` is the text of a JSON object that has been scanned with
 * these limits; the result is a part of it.
 */
export function memberJson(object: Uint8Array, name: string, limits: ScanLimits): Uint8Array | undefined {
  const spans = { starts: new Int32Array(1), ends: new Int32Array(1) };
  scanner.begin(object, object.length, limits, false);
  scanner.members(scanner.skipSpace(0), createFieldIndex([name], -1), spans);
  scanner.finish();
  const [[start = 0], [end = 0]] = [spans.starts, spans.ends];
  return end === 0 ? undefined : object.subarray(start, end);
}
