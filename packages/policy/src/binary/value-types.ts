import { PolicyRefusal } from '../policy-refusal.ts';
import type { ByteReader } from './byte-reader.ts';

/** Numbers, which are all that a policy computes with. */
export const valueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

/** A function's parameters and results, as bytes of value types. */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

/** Reads the type of a number; vectors and references are refused. */
export function readValueType(reader: ByteReader): number {
  const type = reader.byte();
  if (type >= valueType.f64 && type <= valueType.i32) return type;
  const feature = type === 0x7b ? 'SIMD' : 'references';
  throw new PolicyRefusal('forbidden_feature', `The module uses ${feature}, which cannot be metered.`);
}

/** True where two types are the same. */
export function isSameType(a: FunctionType, b: FunctionType): boolean {
  return isSame(a.parameters, b.parameters) && isSame(a.results, b.results);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((type, at) => type === b[at]);
}
