import type { ByteWriter } from '../binary/byte-writer.ts';
import { op } from '../binary/opcodes.ts';
import { PAGE_BYTES, policyLimits } from '../policy-limits.ts';
import { valueType } from '../binary/value-types.ts';
import type { AddedGlobals } from './added-globals.ts';
import { writeByteCharge, writePageCharge } from './charge.ts';
import { PAGE_COST } from './grow-cost.ts';

/** The locals that a function is given which writes to memory, behind its own. */
export const addedLocals: readonly number[] = [
  valueType.i32,
  valueType.i32,
  valueType.i32,
  valueType.i64,
  valueType.f32,
  valueType.f64,
];

const ADDRESS = 0;
const END = 1;
const COUNT = 2;

/** Which of them holds the value of a store meanwhile, by its instruction. */
const valueLocals: readonly number[] = [COUNT, 3, 4, 5, COUNT, COUNT, 3, 3, 3];

const FIRST_STORE = 0x36;
const LAST_STORE = 0x3e;

/** True for an instruction that writes a number to memory. */
export function isStore(code: number): boolean {
  return code >= FIRST_STORE && code <= LAST_STORE;
}

/**
 * Remembers where a store that follows will write, so that what was written can be undone before the next call (WSM-5).
 * `first` is the first of the added locals. An address that does not exist traps in the store.
 */
export function trackStore(
  writer: ByteWriter,
  code: number,
  offset: number,
  first: number,
  globals: AddedGlobals,
): void {
  const value = first + (valueLocals[code - FIRST_STORE] ?? COUNT);
  writer
    .byte(op.localSet)
    .u32(value)
    .byte(op.localTee)
    .u32(first + ADDRESS);
  writer
    .byte(op.localGet)
    .u32(first + ADDRESS)
    .byte(op.i32Const)
    .s32(offset)
    .byte(op.i32Add, op.localSet)
    .u32(first + END);
  writeMinimum(writer, first + END, globals.low);
  writeMaximum(writer, first + END, globals.high);
  writer.byte(op.localGet).u32(value);
}

/** The same for copying and filling, which are paid for by their length here too. */
export function trackBulk(writer: ByteWriter, first: number, globals: AddedGlobals): void {
  const [address, end, count] = [first + ADDRESS, first + END, first + COUNT];
  writer.byte(op.localSet).u32(count).byte(op.localSet).u32(end).byte(op.localSet).u32(address);
  writer.byte(op.localGet).u32(address).byte(op.localGet).u32(end).byte(op.localGet).u32(count);
  writeByteCharge(writer, count, globals);
  writeMinimum(writer, address, globals.low);
  writer.byte(op.localGet).u32(address).byte(op.localGet).u32(count).byte(op.i32Add, op.localSet).u32(end);
  writeMaximum(writer, end, globals.high);
}

/** Growing is paid for by the page. */
export function chargeGrowing(writer: ByteWriter, first: number, globals: AddedGlobals): void {
  const pages = first + COUNT;
  writer.byte(op.localSet).u32(pages);
  writePageCharge(writer, pages, { cost: PAGE_COST, most: policyLimits.memoryBytes / PAGE_BYTES }, globals);
  writer.byte(op.localGet).u32(pages);
}

function writeMinimum(writer: ByteWriter, local: number, global: number): void {
  writeIfBeyond(writer, local, global, op.i32LtU);
}

function writeMaximum(writer: ByteWriter, local: number, global: number): void {
  writeIfBeyond(writer, local, global, op.i32GtU);
}

function writeIfBeyond(writer: ByteWriter, local: number, global: number, compare: number): void {
  writer.byte(op.localGet).u32(local).byte(op.globalGet).u32(global).byte(compare, op.if, op.empty);
  writer.byte(op.localGet).u32(local).byte(op.globalSet).u32(global).byte(op.end);
}
