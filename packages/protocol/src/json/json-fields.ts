import { field, fieldNames } from '../envelope-fields.ts';
import type { FieldIndex } from './json-scanner.ts';

/** Number of the alias `to_client` of `to`. */
export const TO_CLIENT = 33;

/** Number of `eventType`, which telemetry may carry beside its payload (PRT-26). */
export const EVENT_TYPE = 34;

/** One more than the highest number of a field. */
export const FIELD_COUNT = 35;

/** Makes an index over these names; a name's place is its number, and empty places are none. */
export function createFieldIndex(names: readonly string[], lenientField: number): FieldIndex {
  const encoder = new TextEncoder();
  const byLength: { readonly number: number; readonly name: Uint8Array }[][] = [];
  names.forEach((text, number) => {
    const name = encoder.encode(text);
    if (name.length > 0) (byLength[name.length] ??= []).push({ number, name });
  });
  const none: (typeof byLength)[number] = [];
  const lists = Array.from(byLength, (list) => list ?? none);
  return {
    lenientField,
    find(bytes, start, end) {
      const length = end - start;
      if (length >= lists.length) return -1;
      for (const { number, name } of lists[length] as typeof none) {
        let i = 0;
        while (i < length && bytes[start + i] === name[i]) i++;
        if (i === length) return number;
      }
      return -1;
    },
  };
}

/** The fields of an envelope in JSON, aliases included. */
export const envelopeFields: FieldIndex = createFieldIndex([...fieldNames, 'to_client', 'eventType'], field.payload);
