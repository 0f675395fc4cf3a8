import { BusError, isName } from '@arqonbus/protocol';

/** Bytes of the metadata of a substrate at most. */
export const MAX_METADATA_BYTES = 4_096;

/** Bytes of the payload of an event at most. */
export const MAX_PAYLOAD_BYTES = 8_192;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A name of this kind; throws `VALIDATION_ERROR`, as all parsers here. */
export function parseOmegaName(text: string, what: 'name' | 'kind' | 'signal'): string {
  if (!isName(text)) throw new BusError('VALIDATION_ERROR', `The ${what} is malformed.`);
  return text;
}

/** The id of a substrate. */
export function parseSubstrateId(text: string): string {
  if (!/^s_[A-Za-z0-9_-]{1,62}$/.test(text)) throw new BusError('VALIDATION_ERROR', 'The substrate is malformed.');
  return text;
}

/** What `parse` makes of the text; '' = any. */
export function parseAny(text: string, parse: (text: string) => string): string {
  return text === '' ? '' : parse(text);
}

/** The JSON text of a payload; none = null. Throws `PAYLOAD_TOO_LARGE` too. */
export function parsePayload(bytes: Uint8Array): string {
  return bytes.length === 0 ? 'null' : parseJson(bytes, MAX_PAYLOAD_BYTES).text;
}

/** The JSON text of an object; none = an empty one. Throws `PAYLOAD_TOO_LARGE` too. */
export function parseMetadata(bytes: Uint8Array): string {
  if (bytes.length === 0) return '{}';
  const { text, value } = parseJson(bytes, MAX_METADATA_BYTES);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  throw new BusError('VALIDATION_ERROR', 'The metadata is no object.');
}

function parseJson(bytes: Uint8Array, maxBytes: number): { readonly text: string; readonly value: unknown } {
  if (bytes.length > maxBytes) throw new BusError('PAYLOAD_TOO_LARGE', `At most ${maxBytes} bytes are taken.`);
  try {
    const text = decoder.decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new BusError('VALIDATION_ERROR', 'What was sent is no JSON.', { cause });
  }
}
