/** What follows an instruction in the binary. */
export type Immediate =
  | 'none'
  | 'block'
  | 'index'
  | 'call'
  | 'call_indirect'
  | 'global'
  | 'br_table'
  | 'memory_access'
  | 'memory'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'extended';

/** An instruction that may stand in a policy: what follows it and what it costs. */
export interface Instruction {
  readonly immediate: Immediate;
  /** In fuel. */
  readonly cost: number;
}

/** Instructions with a part of their own in metering. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32ShrU: 0x76,
  extended: 0xfc,
  memoryCopy: 0x0a,
  memoryFill: 0x0b,
  empty: 0x40,
} as const;

const DIVISION_COST = 10;
const ROOT_COST = 5;
const ROUND_COST = 3;
const CALL_COST = 5;
const INDIRECT_COST = 10;
const MEMORY_COST = 2;

/** The instructions of the first release of WebAssembly, with sign extension; whatever is missing is refused (WSM-2). */
export const instructions: readonly (Instruction | undefined)[] = createTable();

/** Of those that begin with 0xfc: conversions that saturate. Copying and filling of memory are treated by themselves. */
export const SATURATING_LAST = 0x07;

function createTable(): readonly (Instruction | undefined)[] {
  const table: (Instruction | undefined)[] = new Array<Instruction | undefined>(256).fill(undefined);
  const add = (first: number, last: number, immediate: Immediate, cost = 1): void => {
    for (let code = first; code <= last; code++) table[code] = { immediate, cost };
  };
  add(0x00, 0x01, 'none');
  add(0x02, 0x04, 'block');
  add(0x05, 0x05, 'none');
  add(0x0b, 0x0b, 'none');
  add(0x0c, 0x0d, 'index');
  add(0x0e, 0x0e, 'br_table', 3);
  add(0x0f, 0x0f, 'none');
  add(0x10, 0x10, 'call', CALL_COST);
  add(0x11, 0x11, 'call_indirect', INDIRECT_COST);
  add(0x1a, 0x1b, 'none');
  add(0x20, 0x22, 'index');
  add(0x23, 0x24, 'global');
  add(0x28, 0x3e, 'memory_access', MEMORY_COST);
  add(0x3f, 0x3f, 'memory', MEMORY_COST);
  // Growing costs more than that, by the module and by how far: `growCost`.
  add(0x40, 0x40, 'memory');
  add(0x41, 0x41, 'i32');
  add(0x42, 0x42, 'i64');
  add(0x43, 0x43, 'f32');
  add(0x44, 0x44, 'f64');
  add(0x45, 0xc4, 'none');
  // Division and remainder of integers and of floats, roots, roundings.
  for (const [first, last] of [
    [0x6d, 0x70],
    [0x7f, 0x82],
    [0x95, 0x95],
    [0xa3, 0xa3],
  ] as const)
    add(first, last, 'none', DIVISION_COST);
  for (const code of [0x91, 0x9f]) add(code, code, 'none', ROOT_COST);
  for (const [first, last] of [
    [0x8d, 0x90],
    [0x9b, 0x9e],
    [0xa8, 0xbf],
  ] as const)
    add(first, last, 'none', ROUND_COST);
  add(0xfc, 0xfc, 'extended', ROUND_COST);
  return table;
}

const features: readonly (readonly [first: number, last: number, feature: string])[] = [
  [0x06, 0x09, 'exceptions'],
  [0x18, 0x19, 'exceptions'],
  [0x1f, 0x1f, 'exceptions'],
  [0x12, 0x13, 'tail calls'],
  [0x15, 0x15, 'tail calls'],
  [0x14, 0x14, 'references'],
  [0x1c, 0x1c, 'references'],
  [0x25, 0x26, 'references'],
  [0xd0, 0xd6, 'references'],
  [0xfb, 0xfb, 'garbage collection'],
  [0xfd, 0xfd, 'SIMD'],
  [0xfe, 0xfe, 'threads'],
];

/** The name of the extension that an instruction belongs to, for its refusal. */
export function featureOf(code: number): string {
  return features.find(([first, last]) => code >= first && code <= last)?.[2] ?? 'an unknown extension';
}
