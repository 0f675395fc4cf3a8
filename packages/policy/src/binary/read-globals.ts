import { PolicyRefusal } from '../policy-refusal.ts';
import { policyLimits } from '../policy-limits.ts';
import type { ByteReader } from './byte-reader.ts';
import { op } from './opcodes.ts';
import { readEntries } from './read-entries.ts';
import { readValueType } from './value-types.ts';

/** A global of a policy. */
export interface GlobalShape {
  readonly type: number;
  readonly isMutable: boolean;
  /** The instructions that give its first value, with their end. */
  readonly initial: Uint8Array;
}

/** Reads the globals; each begins with a constant. */
export function readGlobals(section: ByteReader): readonly GlobalShape[] {
  return readEntries(section, policyLimits.globals, 'globals', (reader) => {
    const type = readValueType(reader);
    const isMutable = reader.byte() === 1;
    const start = reader.position;
    skipConstant(reader);
    return { type, isMutable, initial: reader.slice(start) };
  });
}

/** Passes over an expression of one constant. */
export function skipConstant(reader: ByteReader): void {
  switch (reader.byte()) {
    case 0x41:
      reader.skipSigned(32);
      break;
    case 0x42:
      reader.skipSigned(64);
      break;
    case 0x43:
      reader.skip(4);
      break;
    case 0x44:
      reader.skip(8);
      break;
    default:
      throw new PolicyRefusal('forbidden_feature', 'The module begins something with more than a constant.');
  }
  if (reader.byte() !== op.end) {
    throw new PolicyRefusal('forbidden_feature', 'The module begins something with more than a constant.');
  }
}
