import { sectionId } from '../binary/sections.ts';
import type { ModuleShape } from '../binary/module-shape.ts';
import { START_FUEL } from '../policy-limits.ts';

/** What a page takes that is touched for the first time: 40 µs. */
export const PAGE_COST = 16_000;

const INSTANCE_COST = 250_000;
const TABLE_ENTRY_COST = 40;
const GLOBAL_COST = 400;
const DATA_BYTES_FOR_ONE = 8;

/**
 * What growing costs beside the pages that it asks for. What has grown cannot be undone, so the instance is thrown away, and
 * the next call needs a new one: with all its pages, its table, globals and data, and with its start function. Such that
 * 2 ms of it take a million, as they do of other instructions at the most (WSM-2); measured in decision 66.
 */
export function growCost({ memory, tableEntries, globals, sections, start }: ModuleShape): number {
  const data = sections.get(sectionId.data);
  const dataBytes = data === undefined ? 0 : data.end - data.start;
  return (
    INSTANCE_COST +
    memory.minPages * PAGE_COST +
    tableEntries * TABLE_ENTRY_COST +
    globals.length * GLOBAL_COST +
    Math.ceil(dataBytes / DATA_BYTES_FOR_ONE) +
    (start === undefined ? 0 : START_FUEL)
  );
}
