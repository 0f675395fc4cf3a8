import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { BusError } from '@arqonbus/protocol';
import type { SchemaCandidate } from '@arqonbus/protocol/spine-messages';
import { compileSchema, readSource } from '@arqonbus/schema';
import type { Compatibility, CompiledSchema, SchemaSource } from '@arqonbus/schema';

/** A version that could be registered. */
export interface ParsedCandidate {
  readonly schema: CompiledSchema;
  /** Compressed, with the message named. */
  readonly source: SchemaSource;
  readonly digest: string;
  /** Undefined = as before. */
  readonly compatibility: Compatibility | undefined;
}

const MAX_COMPRESSED_BYTES = 131_072;

/** Reads and compiles a candidate. Throws `VALIDATION_ERROR` with what is wrong with it. */
export function parseCandidate(candidate: SchemaCandidate | undefined): ParsedCandidate {
  if (candidate === undefined || (candidate.kind !== 'json' && candidate.kind !== 'protobuf'))
    throw new BusError('VALIDATION_ERROR', 'The kind of a schema is json or protobuf.');
  const { kind, source: bytes, message } = candidate;
  const compiled = compileSchema({ kind, bytes, message });
  if (!compiled.ok) throw new BusError('VALIDATION_ERROR', `The schema ${compiled.problem}.`);
  const plain = readSource(bytes);
  const compressed = gzipSync(plain);
  if (compressed.length > MAX_COMPRESSED_BYTES)
    throw new BusError('VALIDATION_ERROR', `The schema is larger than ${MAX_COMPRESSED_BYTES} bytes, compressed.`);
  return {
    schema: compiled.schema,
    source: { kind, bytes: compressed, message: compiled.message },
    // Two messages of one descriptor are two schemas.
    digest: `sha256:${createHash('sha256').update(compiled.message).update('\n').update(plain).digest('hex')}`,
    compatibility: parseCompatibility(candidate.compatibility),
  };
}

function parseCompatibility(text: string): Compatibility | undefined {
  if (text === '') return undefined;
  if (text === 'backward' || text === 'forward' || text === 'full' || text === 'none') return text;
  throw new BusError('VALIDATION_ERROR', 'The compatibility is backward, forward, full or none.');
}
