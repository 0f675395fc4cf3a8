import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { CommandArgs } from '@arqonbus/protocol';
import { compileProto } from './compile-proto.ts';

/** What of a schema the command line names. */
export interface CandidateFlags {
  readonly message?: string;
  readonly compatibility?: string;
  readonly protoPath: readonly string[];
}

/** A version to register, as the commands of the wire take it. */
export type Candidate = Omit<CommandArgs<'op.schema.register'>, 'schema_id'>;

/** Reads a schema: `.json` is a JSON Schema, `.proto` is compiled, anything else is an encoded `FileDescriptorSet`. */
export function readCandidate(file: string, { message, compatibility, protoPath }: CandidateFlags): Candidate {
  const level = compatibility === undefined ? {} : { compatibility: compatibility as Compatibility };
  if (file.endsWith('.json')) return { kind: 'json', schema: readSchema(file), ...level };
  const bytes = file.endsWith('.proto') ? compileProto(file, protoPath) : readFileSync(file);
  const descriptor = gzipSync(bytes).toString('base64');
  return { kind: 'protobuf', descriptor, ...(message === undefined ? {} : { message }), ...level };
}

type Compatibility = NonNullable<Candidate['compatibility']>;

function readSchema(file: string): NonNullable<Candidate['schema']> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NonNullable<Candidate['schema']>;
  } catch (error) {
    throw new Error(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}
