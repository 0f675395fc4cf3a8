import { PolicyRefusal } from '../policy-refusal.ts';
import { policyLimits } from '../policy-limits.ts';
import type { ByteReader } from './byte-reader.ts';
import { readEntries } from './read-entries.ts';
import { skipConstant } from './read-globals.ts';

/**
 * Checks what fills the table: functions of the module, at the start alone, and no more of them than a table has entries,
 * since each new instance is filled anew.
 */
export function checkElements(section: ByteReader, functions: number, table: number | undefined): void {
  let left: number = policyLimits.tableEntries;
  readEntries(section, policyLimits.elementSegments, 'element segments', (reader) => {
    if (reader.u32() !== 0 || table === undefined) {
      throw new PolicyRefusal('forbidden_feature', 'The module fills a table while it runs, which cannot be metered.');
    }
    skipConstant(reader);
    const count = reader.count(left, 'table entries');
    left -= count;
    for (let at = 0; at < count; at++) checkFunction(reader.u32(), functions);
  });
}

/** A function that the module has itself, and not one that metering adds. */
export function checkFunction(index: number, functions: number): void {
  if (index >= functions) throw new PolicyRefusal('malformed', `The module has no function ${index}.`);
}

/** Checks the segments of data: put into memory at the start alone. */
export function checkData(section: ByteReader): void {
  readEntries(section, policyLimits.dataSegments, 'data segments', (reader) => {
    if (reader.u32() !== 0) {
      throw new PolicyRefusal('forbidden_feature', 'The module copies data while it runs, which cannot be metered.');
    }
    skipConstant(reader);
    reader.skip(reader.u32());
  });
}
