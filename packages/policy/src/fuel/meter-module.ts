import { ByteWriter } from '../binary/byte-writer.ts';
import { checkData } from '../binary/check-elements.ts';
import { ByteReader } from '../binary/byte-reader.ts';
import type { ModuleShape } from '../binary/module-shape.ts';
import { op } from '../binary/opcodes.ts';
import { sectionId } from '../binary/sections.ts';
import { valueType } from '../binary/value-types.ts';
import { PolicyRefusal } from '../policy-refusal.ts';
import { PAGE_BYTES } from '../policy-limits.ts';
import type { AddedGlobals } from './added-globals.ts';
import { codePrices } from './large-code.ts';
import { meterFunction } from './meter-function.ts';

/** What the metered module exports beside `memory`, `policy_check` and `alloc`. Nothing of the policy's own has these names. */
export const meteredExports = {
  fuel: 'arqon_fuel',
  low: 'arqon_low',
  high: 'arqon_high',
  /** Takes fuel, and makes all globals what they were when `save` was called. */
  reset: 'arqon_reset',
  save: 'arqon_save',
  start: 'arqon_start',
} as const;

/**
 * Writes the module anew with metering in it (WSM-2): the same functions, each paying for what it does; a memory that
 * cannot grow beyond its cap; no export, section or start function that is not needed. `pause` is awaited between
 * functions, so that a large module stands in nobody's way.
 */
export async function meterModule(
  shape: ModuleShape,
  maxMemoryBytes: number,
  pause: () => Promise<void>,
): Promise<Uint8Array> {
  const { sections, globals, types, functionTypes, importedFunctions } = shape;
  const added: AddedGlobals = { fuel: globals.length, low: globals.length + 1, high: globals.length + 2 };
  checkData(sections.get(sectionId.data) ?? new ByteReader(new Uint8Array(0)));
  const prices = codePrices(shape);
  const bodies: Uint8Array[] = [];
  for (const [at, body] of shape.bodies.entries()) {
    const { length } = functionTypes[importedFunctions + at]?.parameters ?? [];
    bodies.push(meterFunction(body, length, shape, added, prices));
    await pause();
  }
  bodies.push(resetBody(shape, added), saveBody(shape));
  const writer = new ByteWriter().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const copy = (id: number): void => void writer.section(id, contentOf(sections.get(id)));
  writer.section(sectionId.type, typeSection(sections.get(sectionId.type), types.length));
  copy(sectionId.import);
  writer.section(sectionId.function, functionSection(shape));
  copy(sectionId.table);
  writer.section(sectionId.memory, memorySection(shape, maxMemoryBytes));
  writer.section(sectionId.global, globalSection(shape));
  writer.section(sectionId.export, exportSection(shape, added));
  copy(sectionId.element);
  writer.section(sectionId.code, codeSection(bodies));
  copy(sectionId.data);
  return writer.done();
}

function contentOf(section: ByteReader | undefined): Uint8Array {
  // The section was read to its end; what it holds is found from its first byte on.
  return section === undefined ? new Uint8Array(0) : section.slice(section.start, section.end);
}

/** The types of `reset` and `save` behind the policy's own. */
function typeSection(section: ByteReader | undefined, types: number): Uint8Array {
  const writer = new ByteWriter().u32(types + 2);
  writer.bytes(entriesOf(section));
  return writer.byte(0x60, 1, valueType.i32, 0, 0x60, 0, 0).done();
}

/** A section's content without the number of its entries. */
function entriesOf(section: ByteReader | undefined): Uint8Array {
  if (section === undefined) return new Uint8Array(0);
  const reader = new ByteReader(section.bytes, section.start, section.end);
  reader.u32();
  return section.slice(reader.position, section.end);
}

function functionSection({ sections, bodies, types }: ModuleShape): Uint8Array {
  const writer = new ByteWriter().u32(bodies.length + 2).bytes(entriesOf(sections.get(sectionId.function)));
  return writer
    .u32(types.length)
    .u32(types.length + 1)
    .done();
}

function memorySection({ memory: { minPages, maxPages } }: ModuleShape, maxBytes: number): Uint8Array {
  const most = Math.min(Math.floor(maxBytes / PAGE_BYTES), maxPages ?? Number.POSITIVE_INFINITY);
  if (minPages > most) {
    throw new PolicyRefusal(
      'memory_too_large',
      `The module begins with ${minPages} pages of memory; it may have ${most}.`,
    );
  }
  return new ByteWriter().byte(1, 1).u32(minPages).u32(most).done();
}

/** The policy's own, those of metering, and a copy of each that can change, in this order. */
function globalSection({ globals }: ModuleShape): Uint8Array {
  const copies = globals.filter(({ isMutable }) => isMutable);
  const writer = new ByteWriter().u32(globals.length + 3 + copies.length);
  const write = (type: number, isMutable: boolean, initial: Uint8Array): void =>
    void writer.byte(type, Number(isMutable)).bytes(initial);
  const zero = Uint8Array.of(op.i32Const, 0, op.end);
  for (const { type, isMutable, initial } of globals) write(type, isMutable, initial);
  for (let left = 3; left > 0; left--) write(valueType.i32, true, zero);
  for (const { type, initial } of copies) write(type, true, initial);
  return writer.done();
}

function exportSection(shape: ModuleShape, { fuel, low, high }: AddedGlobals): Uint8Array {
  const { entryPoint, alloc, start, functionTypes } = shape;
  const functions: readonly (readonly [string, number | undefined])[] = [
    ['policy_check', entryPoint],
    ['alloc', alloc],
    [meteredExports.start, start],
    [meteredExports.reset, functionTypes.length],
    [meteredExports.save, functionTypes.length + 1],
  ];
  const entries = [
    ['memory', 2, 0],
    [meteredExports.fuel, 3, fuel],
    [meteredExports.low, 3, low],
    [meteredExports.high, 3, high],
    ...functions.flatMap(([name, index]) => (index === undefined ? [] : [[name, 0, index] as const])),
  ] as const;
  const writer = new ByteWriter().u32(entries.length);
  for (const [name, kind, index] of entries) writer.name(name).byte(kind).u32(index);
  return writer.done();
}

function codeSection(bodies: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().u32(bodies.length);
  for (const body of bodies) writer.sized(body);
  return writer.done();
}

function resetBody(shape: ModuleShape, { fuel, low, high }: AddedGlobals): Uint8Array {
  const writer = new ByteWriter().u32(0);
  writer.byte(op.localGet, 0, op.globalSet).u32(fuel);
  writer.byte(op.i32Const).s32(-1).byte(op.globalSet).u32(low);
  writer.byte(op.i32Const, 0, op.globalSet).u32(high);
  for (const [own, copy] of copiesOf(shape)) writer.byte(op.globalGet).u32(copy).byte(op.globalSet).u32(own);
  return writer.byte(op.end).done();
}

function saveBody(shape: ModuleShape): Uint8Array {
  const writer = new ByteWriter().u32(0);
  for (const [own, copy] of copiesOf(shape)) writer.byte(op.globalGet).u32(own).byte(op.globalSet).u32(copy);
  return writer.byte(op.end).done();
}

/** The globals that can change, each with its copy. */
function copiesOf({ globals }: ModuleShape): readonly (readonly [own: number, copy: number])[] {
  const own = globals.flatMap(({ isMutable }, at) => (isMutable ? [at] : []));
  return own.map((index, at) => [index, globals.length + 3 + at]);
}
