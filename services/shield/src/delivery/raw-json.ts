/** JSON text that a payload holds as it is: parsing and writing it again would change its numbers. */
export class RawJson {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** True for a payload one of whose members is a {@link RawJson}. */
export function hasRawMember(payload: object): boolean {
  return Object.values(payload).some((value) => value instanceof RawJson);
}

const encoder = new TextEncoder();

/** The JSON text of such a payload. */
export function jsonWithRawMembers(payload: object): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(payload)) {
    if (value === undefined) continue;
    const start = `${parts.length === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    parts.push(encoder.encode(start), value instanceof RawJson ? value.bytes : encoder.encode(JSON.stringify(value)));
  }
  return Buffer.concat([...parts, END]);
}

const END = encoder.encode('}');
