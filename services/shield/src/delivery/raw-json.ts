/** JSON text that a payload holds as it is: parsing and writing it again would change its numbers. */
export class RawJson {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A payload whose value is JSON text. */
export interface RawValuePayload {
  readonly value: RawJson;
}

/** True for a payload whose `value` is a {@link RawJson}. */
export function hasRawValue(payload: object): payload is RawValuePayload {
  return 'value' in payload && payload.value instanceof RawJson;
}

const encoder = new TextEncoder();

/** The JSON text of such a payload. */
export function jsonWithRawValue({ value, ...others }: RawValuePayload): Uint8Array {
  const rest = JSON.stringify(others);
  return Buffer.concat([encoder.encode(`${rest.slice(0, -1)}${rest === '{}' ? '' : ','}"value":`), value.bytes, END]);
}

const END = encoder.encode('}');
