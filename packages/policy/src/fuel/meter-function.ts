import type { ByteReader } from '../binary/byte-reader.ts';
import { ByteWriter } from '../binary/byte-writer.ts';
import type { ModuleShape } from '../binary/module-shape.ts';
import { op } from '../binary/opcodes.ts';
import { readValueType } from '../binary/value-types.ts';
import { PolicyRefusal } from '../policy-refusal.ts';
import { policyLimits } from '../policy-limits.ts';
import type { AddedGlobals } from './added-globals.ts';
import { writeCharge } from './charge.ts';
import { FunctionRuns } from './function-runs.ts';
import type { CodePrices } from './large-code.ts';
import { readInstruction } from './read-instruction.ts';
import { addedLocals, chargeGrowing, trackBulk, trackStore } from './track-writes.ts';

/** A write to memory that is remembered, or growing that is paid for, where it happens. */
type Write =
  | { readonly position: number; readonly kind: 'store'; readonly code: number; readonly offset: number }
  | { readonly position: number; readonly kind: 'bulk' | 'grow' };

/**
 * Gives the body of a function with its metering. Nothing of it is changed: what it pays, and where it writes, is put
 * between its instructions, and leaves nothing on the stack. Throws a `PolicyRefusal` for an instruction that cannot be
 * counted (WSM-2).
 */
export function meterFunction(
  body: ByteReader,
  parameters: number,
  shape: ModuleShape,
  globals: AddedGlobals,
  prices: CodePrices,
): Uint8Array {
  const groups = readLocals(body, parameters);
  const start = body.position;
  const { runs, writes } = readInstructions(body, shape, groups.locals, prices);
  const writer = new ByteWriter();
  writeLocals(writer, groups, writes.length > 0);
  const insertions = merge(runs.runs, writes);
  let from = start;
  for (const insertion of insertions) {
    writer.bytes(body.slice(from, insertion.position));
    from = insertion.position;
    if ('cost' in insertion) writeCharge(writer, insertion.cost + prices.paying, globals);
    else meterWrite(writer, insertion, parameters + groups.locals, globals);
  }
  return writer.bytes(body.slice(from, body.end)).done();
}

function meterWrite(writer: ByteWriter, write: Write, locals: number, globals: AddedGlobals): void {
  if (write.kind === 'store') trackStore(writer, write.code, write.offset, locals, globals);
  else if (write.kind === 'bulk') trackBulk(writer, locals, globals);
  else chargeGrowing(writer, locals, globals);
}

interface LocalGroups {
  readonly groups: readonly (readonly [count: number, type: number])[];
  readonly locals: number;
}

function readLocals(body: ByteReader, parameters: number): LocalGroups {
  let locals = 0;
  const groups = Array.from({ length: body.count(policyLimits.locals, 'kinds of locals in a function') }, () => {
    const group = [body.u32(), readValueType(body)] as const;
    locals += group[0];
    if (parameters + locals > policyLimits.locals) {
      throw new PolicyRefusal('limit', `The module has a function with more than ${policyLimits.locals} locals.`);
    }
    return group;
  });
  return { groups, locals };
}

function writeLocals(writer: ByteWriter, { groups }: LocalGroups, isWriting: boolean): void {
  const added = isWriting ? addedLocals.map((type) => [1, type] as const) : [];
  writer.u32(groups.length + added.length);
  for (const [count, type] of [...groups, ...added]) writer.u32(count).byte(type);
}

function readInstructions(
  body: ByteReader,
  shape: ModuleShape,
  locals: number,
  prices: CodePrices,
): { readonly runs: FunctionRuns; readonly writes: readonly Write[] } {
  // Locals are set to zero by every call.
  const runs = new FunctionRuns(body.position, 1 + Math.ceil(locals / 4));
  const writes: Write[] = [];
  while (runs.depth > 0) {
    const { position } = body;
    const { code, cost, depths, write } = readInstruction(body, shape, prices);
    if (write !== undefined) writes.push({ position, ...write });
    runs.add(cost);
    for (const depth of depths) {
      if (!runs.jump(depth)) throw new PolicyRefusal('malformed', 'The module jumps out of a block that it is not in.');
    }
    follow(code, body, runs);
  }
  if (!body.isAtEnd) throw new PolicyRefusal('malformed', 'The module has a function that goes on behind its end.');
  return { runs, writes };
}

function follow(code: number, body: ByteReader, runs: FunctionRuns): void {
  switch (code) {
    case op.block:
      return enter('block', body, runs);
    case op.loop:
      return enter('loop', body, runs);
    case op.if:
      return enter('if', body, runs);
    case op.else:
      if (!runs.otherwise(body.position)) throw new PolicyRefusal('malformed', 'The module has an else without an if.');
      return undefined;
    case op.end:
      return runs.leave(body.position);
    case op.br:
    case op.brTable:
    case op.return:
    case op.unreachable:
      return runs.end();
    default:
      return undefined;
  }
}

function enter(kind: 'block' | 'loop' | 'if', body: ByteReader, runs: FunctionRuns): void {
  if (runs.depth > policyLimits.nesting) {
    throw new PolicyRefusal('limit', `The module nests more than ${policyLimits.nesting} blocks.`);
  }
  runs.enter(kind, body.position);
}

/** By position; a run is paid for before its first instruction writes. Runs without instructions cost nothing. */
function merge(runs: readonly { readonly position: number; readonly cost: number }[], writes: readonly Write[]) {
  const paid = runs.filter(({ cost }) => cost > 0);
  return [...paid, ...writes].toSorted((a, b) => a.position - b.position);
}
