import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import type { DescMessage, FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { readSource } from '../read-source.ts';
import { SchemaProblem } from '../schema-problem.ts';

/** A message and all types that it may be made of. */
export interface Descriptor {
  readonly message: DescMessage;
  readonly registry: FileRegistry;
}

const MAX_FILES = 256;

/** The message of this name in an encoded `FileDescriptorSet`. Throws a {@link SchemaProblem} where there is none. */
export function readDescriptor(bytes: Uint8Array, name: string): Descriptor {
  const set = parse(readSource(bytes));
  if (set.file.length === 0) throw new SchemaProblem('holds no file');
  if (set.file.length > MAX_FILES) throw new SchemaProblem(`holds more than ${MAX_FILES} files`);
  const registry = createRegistry(set);
  const message = registry.getMessage(name === '' ? onlyMessageOf(set) : name);
  if (message === undefined) throw new SchemaProblem(`holds no message ${name}`);
  return { message, registry };
}

function parse(bytes: Uint8Array): FileDescriptorSet {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes);
  } catch {
    throw new SchemaProblem('is no FileDescriptorSet');
  }
}

function createRegistry(set: FileDescriptorSet): FileRegistry {
  try {
    return createFileRegistry(set);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    throw new SchemaProblem(`is no whole FileDescriptorSet, with all files that it imports: ${text.slice(0, 200)}`);
  }
}

function onlyMessageOf({ file }: FileDescriptorSet): string {
  const last = file.at(-1);
  const names = (last?.messageType ?? []).map(({ name }) => name);
  if (names.length !== 1) throw new SchemaProblem('has more than one message: name one of them');
  return last?.package === '' ? `${names[0]}` : `${last?.package}.${names[0]}`;
}
