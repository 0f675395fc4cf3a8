import type { ByteWriter } from '../binary/byte-writer.ts';
import { op } from '../binary/opcodes.ts';
import type { AddedGlobals } from './added-globals.ts';

/** More than anybody has. A cost beyond it would be read as a gift. */
const MAX_COST = 0x7f_ff_ff_ff;

/** Takes a fixed amount of fuel, and traps where it is used up. */
export function writeCharge(writer: ByteWriter, cost: number, { fuel }: AddedGlobals): void {
  writer.byte(op.globalGet).u32(fuel).byte(op.i32Const).s32(Math.min(cost, MAX_COST)).byte(op.i32Sub, op.globalSet);
  writer.u32(fuel);
  writeTrapBelowZero(writer, fuel);
}

/** Takes fuel for as many bytes as this local holds: one for eight. */
export function writeByteCharge(writer: ByteWriter, local: number, { fuel }: AddedGlobals): void {
  writer.byte(op.globalGet).u32(fuel).byte(op.localGet).u32(local).byte(op.i32Const, 3, op.i32ShrU, op.i32Sub);
  writer.byte(op.globalSet).u32(fuel);
  writeTrapBelowZero(writer, fuel);
}

/** Takes fuel for as many pages as this local holds; beyond `most`, as growing by so many fails, for `most`. */
export function writePageCharge(
  writer: ByteWriter,
  local: number,
  { cost, most }: { readonly cost: number; readonly most: number },
  { fuel }: AddedGlobals,
): void {
  writer.byte(op.globalGet).u32(fuel);
  writer
    .byte(op.localGet)
    .u32(local)
    .byte(op.i32Const)
    .s32(most)
    .byte(op.localGet)
    .u32(local)
    .byte(op.i32Const)
    .s32(most);
  writer.byte(op.i32LtU, op.select, op.i32Const).s32(cost).byte(op.i32Mul, op.i32Sub, op.globalSet).u32(fuel);
  writeTrapBelowZero(writer, fuel);
}

function writeTrapBelowZero(writer: ByteWriter, fuel: number): void {
  writer.byte(op.globalGet).u32(fuel).byte(op.i32Const, 0, op.i32LtS, op.if, op.empty, op.unreachable, op.end);
}
