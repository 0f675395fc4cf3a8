import { gunzipSync } from 'node:zlib';
import { SchemaProblem } from './schema-problem.ts';
import { MAX_SOURCE_BYTES } from './schema-source.ts';

/** The bytes of a source, uncompressed where they are compressed. Throws a {@link SchemaProblem} for what is too large. */
export function readSource(bytes: Uint8Array): Uint8Array {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes) : bytes;
  if (plain.length > MAX_SOURCE_BYTES) throw new SchemaProblem(TOO_LARGE);
  return plain;
}

const TOO_LARGE = `is larger than ${MAX_SOURCE_BYTES} bytes`;

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_SOURCE_BYTES });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new SchemaProblem(isTooLarge ? TOO_LARGE : 'is not compressed as gzip says');
  }
}
