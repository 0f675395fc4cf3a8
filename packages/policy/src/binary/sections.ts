import { PolicyRefusal } from '../policy-refusal.ts';
import { ByteReader } from './byte-reader.ts';

/** The sections that a policy may have, by their ids. */
export const sectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The order in which sections stand: the count of data segments before the code that may name them. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/** Cuts a binary into its sections, without looking into them. Sections of tools are left out. */
export function readSections(bytes: Uint8Array): ReadonlyMap<number, ByteReader> {
  if (HEADER.some((byte, at) => bytes[at] !== byte)) {
    throw new PolicyRefusal('malformed', 'This is no WebAssembly module of version 1.');
  }
  const sections = new Map<number, ByteReader>();
  const reader = new ByteReader(bytes, HEADER.length);
  let last = -1;
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const content = reader.part(reader.u32());
    if (id === sectionId.custom) continue;
    if (id === 13) throw new PolicyRefusal('forbidden_feature', 'The module uses exceptions, which cannot be metered.');
    const place = ORDER.indexOf(id);
    if (place < 0) throw new PolicyRefusal('malformed', `The module has a section ${id}, which is none.`);
    if (place <= last) throw new PolicyRefusal('malformed', 'The module has its sections in a wrong order.');
    last = place;
    sections.set(id, content);
  }
  return sections;
}
