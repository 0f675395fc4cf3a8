import type { Refusal } from '../decode-result.ts';
import type { Envelope } from '../envelope.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeJsonEnvelope } from './decode-json-envelope.ts';

/** For tests: a well-formed message id. */
export const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';

const encoder = new TextEncoder();

/** For tests: the envelope of a frame, given as its text or as a value; throws when it is refused. */
export function decode(frame: unknown): Envelope {
  const result = decodeJsonEnvelope(encodeText(frame), DEFAULT_LIMITS);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.envelope;
}

/** For tests: why a frame is refused; throws when it is accepted. */
export function refuse(frame: unknown): Refusal {
  const result = decodeJsonEnvelope(encodeText(frame), DEFAULT_LIMITS);
  if (result.ok) throw new Error('was accepted');
  return result;
}

/** For tests: bytes as text. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function encodeText(frame: unknown): Uint8Array {
  return encoder.encode(typeof frame === 'string' ? frame : JSON.stringify(frame));
}
