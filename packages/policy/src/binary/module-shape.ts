import { hostSignatures } from '../host/host-signatures.ts';
import { PolicyRefusal } from '../policy-refusal.ts';
import { policyLimits } from '../policy-limits.ts';
import { ByteReader } from './byte-reader.ts';
import { readEntries } from './read-entries.ts';
import { readGlobals } from './read-globals.ts';
import type { GlobalShape } from './read-globals.ts';
import { readMemory, readTable } from './read-limits.ts';
import type { MemoryShape } from './read-limits.ts';
import { checkElements } from './check-elements.ts';
import { readSections, sectionId } from './sections.ts';
import { isSameType, readValueType, valueType } from './value-types.ts';
import type { FunctionType } from './value-types.ts';

/** What a policy's binary declares, as far as metering has to know it. Bodies of functions are not looked into yet. */
export interface ModuleShape {
  readonly sections: ReadonlyMap<number, ByteReader>;
  readonly types: readonly FunctionType[];
  /** Of all functions, those of the host first. */
  readonly functionTypes: readonly FunctionType[];
  readonly importedFunctions: number;
  readonly memory: MemoryShape;
  /** At the start, as it never grows. */
  readonly tableEntries: number;
  readonly globals: readonly GlobalShape[];
  readonly entryPoint: number;
  /** Function by which the host asks for room; undefined = the payload is put at offset 0 (WSM-4). */
  readonly alloc: number | undefined;
  readonly start: number | undefined;
  readonly exports: readonly string[];
  readonly bodies: readonly ByteReader[];
}

/** Reads and checks what a binary declares. Throws a `PolicyRefusal` (WSM-3). */
export function readModuleShape(bytes: Uint8Array): ModuleShape {
  if (bytes.length > policyLimits.moduleBytes) {
    throw new PolicyRefusal(
      'too_large',
      `The module has ${bytes.length} bytes; ${policyLimits.moduleBytes} are allowed.`,
    );
  }
  const sections = readSections(bytes);
  const section = (id: number): ByteReader => sections.get(id) ?? new ByteReader(bytes, 0, 0);
  const types = readEntries(section(sectionId.type), policyLimits.types, 'types', readFunctionType);
  const imported = readEntries(section(sectionId.import), policyLimits.imports, 'imports', (reader) =>
    readImport(reader, types),
  );
  const own = readEntries(section(sectionId.function), policyLimits.functions, 'functions', (reader) =>
    typeAt(types, reader.u32()),
  );
  const functionTypes = [...imported, ...own];
  const table = readTable(section(sectionId.table));
  checkElements(section(sectionId.element), functionTypes.length, table);
  const exported = readExports(section(sectionId.export));
  const bodies = readEntries(section(sectionId.code), policyLimits.functions, 'functions', readBody);
  if (bodies.length !== own.length) throw new PolicyRefusal('malformed', 'The module has functions without a body.');
  return {
    sections,
    types,
    functionTypes,
    importedFunctions: imported.length,
    memory: readMemory(section(sectionId.memory)),
    tableEntries: table ?? 0,
    globals: readGlobals(section(sectionId.global)),
    bodies,
    start: readStart(sections.get(sectionId.start), functionTypes),
    ...readEntryPoints(exported, functionTypes),
  };
}

function readFunctionType(reader: ByteReader): FunctionType {
  if (reader.byte() !== 0x60) throw new PolicyRefusal('malformed', 'The module has a type that is none of a function.');
  const parameters = readTypes(reader, policyLimits.parameters, 'parameters');
  return { parameters, results: readTypes(reader, policyLimits.results, 'results') };
}

function readTypes(reader: ByteReader, limit: number, what: string): readonly number[] {
  return Array.from({ length: reader.count(limit, what) }, () => readValueType(reader));
}

function typeAt(types: readonly FunctionType[], index: number): FunctionType {
  const type = types[index];
  if (type === undefined) throw new PolicyRefusal('malformed', `The module has no type ${index}.`);
  return type;
}

const HOST = 'arqon_host_v1';

function readImport(reader: ByteReader, types: readonly FunctionType[]): FunctionType {
  const [module, name] = [reader.name(), reader.name()];
  const told = `The module imports ${JSON.stringify(`${module}.${name}`.slice(0, 128))}`;
  if (module !== HOST) {
    throw new PolicyRefusal('forbidden_import', `${told}; functions of ${HOST} are all that there is.`);
  }
  const signature = hostSignatures.get(name);
  if (signature === undefined || reader.byte() !== 0) {
    throw new PolicyRefusal('forbidden_import', `${told}, which is no function of ${HOST}.`);
  }
  const type = typeAt(types, reader.u32());
  if (!isSameType(type, signature)) {
    throw new PolicyRefusal('forbidden_import', `${told} with parameters or results that it does not have.`);
  }
  return type;
}

function readBody(reader: ByteReader): ByteReader {
  const length = reader.u32();
  if (length > policyLimits.functionBytes) {
    throw new PolicyRefusal(
      'limit',
      `The module has a function of ${length} bytes; ${policyLimits.functionBytes} are allowed.`,
    );
  }
  return reader.part(length);
}

interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

function readExports(reader: ByteReader): readonly Export[] {
  return readEntries(reader, policyLimits.exports, 'exports', (entry) => ({
    name: entry.name(),
    kind: entry.byte(),
    index: entry.u32(),
  }));
}

const check: FunctionType = { parameters: [valueType.i32, valueType.i32], results: [valueType.i32] };
const alloc: FunctionType = { parameters: [valueType.i32], results: [valueType.i32] };

function readEntryPoints(
  exported: readonly Export[],
  functionTypes: readonly FunctionType[],
): Pick<ModuleShape, 'entryPoint' | 'alloc' | 'exports'> {
  const find = (name: string, kind: number): number | undefined =>
    exported.find((entry) => entry.name === name && entry.kind === kind)?.index;
  if (find('memory', 2) === undefined) throw new PolicyRefusal('no_memory', 'The module exports no "memory".');
  const entryPoint = find('policy_check', 0);
  if (entryPoint === undefined) {
    throw new PolicyRefusal('no_entry_point', 'The module exports no function "policy_check".');
  }
  checkType(functionTypes[entryPoint], check, 'policy_check(ptr: i32, len: i32) -> i32');
  const room = find('alloc', 0);
  if (room !== undefined) checkType(functionTypes[room], alloc, 'alloc(len: i32) -> i32');
  return { entryPoint, alloc: room, exports: exported.map(({ name }) => name) };
}

function checkType(type: FunctionType | undefined, expected: FunctionType, written: string): void {
  if (type !== undefined && isSameType(type, expected)) return;
  throw new PolicyRefusal('no_entry_point', `The module's function must be ${written}.`);
}

function readStart(reader: ByteReader | undefined, functionTypes: readonly FunctionType[]): number | undefined {
  if (reader === undefined) return undefined;
  const index = reader.u32();
  const type = functionTypes[index];
  if (type === undefined || type.parameters.length > 0 || type.results.length > 0) {
    throw new PolicyRefusal('malformed', 'The module has a start function that is none.');
  }
  return index;
}
