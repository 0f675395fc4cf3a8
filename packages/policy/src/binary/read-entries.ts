import { PolicyRefusal } from '../policy-refusal.ts';
import type { ByteReader } from './byte-reader.ts';

/** Reads the entries of a section, which must end with the last of them. A section that is not there has none. */
export function readEntries<T>(
  reader: ByteReader,
  limit: number,
  what: string,
  read: (reader: ByteReader) => T,
): readonly T[] {
  if (reader.isAtEnd) return [];
  const entries = Array.from({ length: reader.count(limit, what) }, () => read(reader));
  if (!reader.isAtEnd) throw new PolicyRefusal('malformed', `The module has more than its ${what} where they stand.`);
  return entries;
}
