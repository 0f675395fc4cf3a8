import type { ByteReader } from '../binary/byte-reader.ts';
import { checkFunction } from '../binary/check-elements.ts';
import type { ModuleShape } from '../binary/module-shape.ts';
import { SATURATING_LAST, featureOf, instructions, op } from '../binary/opcodes.ts';
import { PolicyRefusal } from '../policy-refusal.ts';
import { policyLimits } from '../policy-limits.ts';
import { growCost } from './grow-cost.ts';
import type { CodePrices } from './large-code.ts';
import { isStore } from './track-writes.ts';

/** An instruction, as far as metering has to know it. */
export interface ReadInstruction {
  readonly code: number;
  readonly cost: number;
  /** How many blocks outwards it may jump. */
  readonly depths: readonly number[];
  /** Where it writes to memory, or makes it larger. */
  readonly write?:
    | { readonly kind: 'store'; readonly code: number; readonly offset: number }
    | { readonly kind: 'bulk' | 'grow' };
}

const NOWHERE: readonly number[] = Object.freeze([]);
/** A call of the host leaves WebAssembly, and copies; the host takes more for what it copies. */
const HOST_CALL_COST = 2_000;

/** Copying and filling, beside what they take by the byte. */
const BULK_COST = 10;

/** Reads one instruction with all that belongs to it. What is not in the table is refused (WSM-2). */
export function readInstruction(reader: ByteReader, shape: ModuleShape, prices: CodePrices): ReadInstruction {
  const code = reader.byte();
  const instruction = instructions[code];
  if (instruction === undefined) throw forbidden(featureOf(code));
  const { immediate, cost } = instruction;
  const plain = { code, cost, depths: NOWHERE };
  switch (immediate) {
    case 'none':
      return plain;
    case 'block':
      skipBlockType(reader);
      return code === op.if ? { ...plain, cost: cost + prices.branch } : plain;
    case 'index': {
      const index = reader.u32();
      return code === op.br || code === op.brIf ? { code, cost, depths: [index] } : plain;
    }
    case 'call':
      return readCall(reader, shape, plain);
    case 'call_indirect':
      reader.u32();
      mustBeZero(reader.u32(), 'more than one table');
      return plain;
    case 'global':
      if (reader.u32() < shape.globals.length) return plain;
      throw new PolicyRefusal('malformed', 'The module uses a global that it does not have.');
    case 'br_table': {
      const count = reader.count(policyLimits.branchTable, 'branches in one table');
      return { code, cost, depths: Array.from({ length: count + 1 }, () => reader.u32()) };
    }
    case 'memory_access':
      return readMemoryAccess(reader, plain, prices);
    case 'memory':
      mustBeZero(reader.byte(), 'more than one memory');
      return code === op.memoryGrow ? { ...plain, cost: growCost(shape), write: { kind: 'grow' } } : plain;
    case 'extended':
      return readExtended(reader, plain, prices);
    default:
      skipConstant(reader, immediate);
      return plain;
  }
}

function readCall(reader: ByteReader, shape: ModuleShape, plain: ReadInstruction): ReadInstruction {
  const index = reader.u32();
  checkFunction(index, shape.functionTypes.length);
  return index < shape.importedFunctions ? { ...plain, cost: HOST_CALL_COST } : plain;
}

function readMemoryAccess(reader: ByteReader, plain: ReadInstruction, { store }: CodePrices): ReadInstruction {
  // Higher ones name another memory.
  if (reader.u32() > 3) throw forbidden('more than one memory');
  const offset = reader.u32();
  if (!isStore(plain.code)) return plain;
  return { ...plain, cost: plain.cost + store, write: { kind: 'store', code: plain.code, offset } };
}

function readExtended(reader: ByteReader, plain: ReadInstruction, { bulk }: CodePrices): ReadInstruction {
  const code = reader.u32();
  if (code <= SATURATING_LAST) return plain;
  if (code !== op.memoryCopy && code !== op.memoryFill) throw forbidden(code < 0x12 ? 'bulk memory' : featureOf(code));
  for (let left = code === op.memoryCopy ? 2 : 1; left > 0; left--) mustBeZero(reader.byte(), 'more than one memory');
  return { ...plain, cost: BULK_COST + bulk, write: { kind: 'bulk' } };
}

function skipConstant(reader: ByteReader, immediate: 'i32' | 'i64' | 'f32' | 'f64'): void {
  if (immediate === 'i32') reader.skipSigned(32);
  else if (immediate === 'i64') reader.skipSigned(64);
  else reader.skip(immediate === 'f32' ? 4 : 8);
}

/** Nothing, a number, or the index of a type. */
function skipBlockType(reader: ByteReader): void {
  const first = reader.bytes[reader.position] ?? 0;
  if (first > op.empty && first < 0x7c) throw forbidden('references or SIMD');
  reader.skipSigned(33);
}

function mustBeZero(index: number, feature: string): void {
  if (index !== 0) throw forbidden(feature);
}

function forbidden(feature: string): PolicyRefusal {
  return new PolicyRefusal('forbidden_instruction', `The module uses ${feature}, which cannot be metered.`);
}
