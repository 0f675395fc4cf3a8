import { PolicyRefusal } from '../policy-refusal.ts';
import { PAGE_BYTES, policyLimits } from '../policy-limits.ts';
import type { ByteReader } from './byte-reader.ts';
import { readEntries } from './read-entries.ts';

/** The memory of a policy, in pages of 64 KiB. */
export interface MemoryShape {
  readonly minPages: number;
  /** Undefined where it says nothing. */
  readonly maxPages: number | undefined;
}

/** Reads the one memory that there must be. */
export function readMemory(section: ByteReader): MemoryShape {
  const [memory, ...more] = readEntries(section, 2, 'memories', readLimits);
  if (memory === undefined) throw new PolicyRefusal('no_memory', 'The module has no memory of its own.');
  if (more.length > 0) throw new PolicyRefusal('forbidden_feature', 'The module has more than one memory.');
  const { min: minPages, max: maxPages } = memory;
  const most = policyLimits.memoryBytes / PAGE_BYTES;
  if (minPages > most || (maxPages ?? 0) > most) {
    throw new PolicyRefusal(
      'memory_too_large',
      `The module declares memory of ${Math.max(minPages, maxPages ?? 0)} pages; ${most} (4 MiB) are allowed.`,
    );
  }
  return { minPages, maxPages };
}

/** Reads the table, if there is one; gives its number of entries, and undefined where there is none. */
export function readTable(section: ByteReader): number | undefined {
  const tables = readEntries(section, 2, 'tables', (reader) => {
    if (reader.byte() !== 0x70) throw new PolicyRefusal('forbidden_feature', 'The module has a table of references.');
    return readLimits(reader);
  });
  if (tables.length > 1) throw new PolicyRefusal('forbidden_feature', 'The module has more than one table.');
  const entries = tables[0]?.min;
  if (entries === undefined || entries <= policyLimits.tableEntries) return entries;
  throw new PolicyRefusal(
    'limit',
    `The module has a table of ${entries} entries; ${policyLimits.tableEntries} are allowed.`,
  );
}

function readLimits(reader: ByteReader): { readonly min: number; readonly max: number | undefined } {
  const flags = reader.byte();
  if (flags > 1) throw new PolicyRefusal('forbidden_feature', 'The module has memory that is shared or of 64 bits.');
  return { min: reader.u32(), max: flags === 1 ? reader.u32() : undefined };
}
