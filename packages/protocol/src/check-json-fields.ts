import { isJsonContentType } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { scanJson } from './json/scan-json.ts';
import type { Limits } from './limits.ts';
import type { Problems } from './problems.ts';

const OPEN_OBJECT = 0x7b;

/** In a JSON frame these values lie inside the envelope's object: the same depth is allowed in both formats. */
const inEnvelope = { refusesPrototypes: true, outerDepth: 1 } as const;
const inPayload = { refusesPrototypes: false, outerDepth: 1 } as const;

/**
 * Holds the JSON inside an envelope that did not come as JSON to the rules of a JSON frame (PRT-8, PRT-11). White space
 * around a value is cut off, as it is in a frame.
 */
export function checkJsonFields(envelope: Envelope, limits: Limits, problems: Problems): void {
  if (envelope.payload.length > 0 && isJsonContentType(envelope.contentType)) {
    envelope.payload = trimmed(envelope.payload);
    const problem = scanJson(envelope.payload, 0, envelope.payload.length, limits, inPayload);
    if (problem !== undefined) addAt(problems, 'payload', problem.field, problem.problem);
  }
  envelope.metadata = checkedObject(envelope.metadata, 'metadata', limits, problems);
  envelope.args = checkedObject(envelope.args, 'args', limits, problems);
  envelope.spectral = checkedObject(envelope.spectral, 'spectral', limits, problems);
}

function checkedObject(bytes: Uint8Array, name: string, limits: Limits, problems: Problems): Uint8Array {
  if (bytes.length === 0) return bytes;
  const object = trimmed(bytes);
  const problem = scanJson(object, 0, object.length, limits, inEnvelope);
  if (problem !== undefined) addAt(problems, name, problem.field, problem.problem);
  else if (object[0] !== OPEN_OBJECT) problems.add(name, 'must be an object');
  return object;
}

function addAt(problems: Problems, name: string, path: string, problem: string): void {
  const separator = path === '' || path.startsWith('[') ? '' : '.';
  problems.add(name + separator + path, problem);
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start] as number)) start++;
  while (end > start && isSpace(bytes[end - 1] as number)) end--;
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
