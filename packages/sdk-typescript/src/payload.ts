import { BusError, isJsonContentType, NO_BYTES } from '@arqonbus/protocol';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A payload as an envelope carries it. */
export interface EncodedPayload {
  readonly payload: Uint8Array;
  /** Empty = `application/json`. */
  readonly contentType: string;
}

/**
 * Readies what the caller publishes: bytes stay bytes (default type `application/octet-stream`), everything else is
 * written as JSON. Throws a BusError `VALIDATION_ERROR` for what JSON cannot hold, for bytes that claim to be JSON and
 * are not, and for a value that comes with a type that is not JSON.
 */
export function encodePayload(value: unknown, contentType?: string): EncodedPayload {
  if (value instanceof Uint8Array) return encodeBytes(value, contentType ?? 'application/octet-stream');
  if (contentType !== undefined && !isJsonContentType(contentType)) {
    throw new BusError('VALIDATION_ERROR', `A payload of type ${contentType} must be given as a Uint8Array.`);
  }
  return { payload: encodeJson(value), contentType: contentType ?? '' };
}

function encodeBytes(bytes: Uint8Array, contentType: string): EncodedPayload {
  if (isJsonContentType(contentType) && parseJson(bytes) === undefined) {
    throw new BusError('VALIDATION_ERROR', `The bytes given as ${contentType} are not JSON.`);
  }
  return { payload: bytes, contentType };
}

/** The JSON text of `value` in UTF-8. Throws a BusError `VALIDATION_ERROR` for what JSON cannot hold. */
export function encodeJson(value: unknown): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new BusError('VALIDATION_ERROR', 'The value cannot be written as JSON.', { cause });
  }
  if (text === undefined) throw new BusError('VALIDATION_ERROR', 'The value cannot be written as JSON.');
  return encoder.encode(text);
}

/** Like {@link encodeJson}, but no bytes at all for undefined. */
export function encodeOptionalJson(value: unknown): Uint8Array {
  return value === undefined ? NO_BYTES : encodeJson(value);
}

/** The value of JSON text in UTF-8, in a box because `null` is a value too; undefined when it is no JSON. */
export function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(decoder.decode(bytes)) };
  } catch {
    return undefined;
  }
}

/** The members of a JSON object in UTF-8; none where there is nothing, no JSON, or another kind of value. */
export function parseJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = bytes.length === 0 ? undefined : parseJson(bytes)?.value;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}
