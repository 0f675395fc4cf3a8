import { BusError } from '@arqonbus/protocol';

// Bodies are cut and joined as texts: to parse and write them anew would round their numbers (decision 1).

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A JSON object with these members before its own. What has one of them already is for the reader to refuse. */
export function withMembers(object: Uint8Array, members: Readonly<Record<string, unknown>>): Uint8Array {
  const start = object.findIndex((byte) => byte > SPACE);
  if (object[start] !== OPEN_OBJECT) throw new BusError('VALIDATION_ERROR', 'The body must be a JSON object.');
  const front = JSON.stringify(members).slice(0, -1);
  const rest = object.subarray(start + 1);
  const isEmpty = front === '{' || rest[rest.findIndex((byte) => byte > SPACE)] === CLOSE_OBJECT;
  return Buffer.concat([encoder.encode(isEmpty ? front : `${front},`), rest]);
}

/** The texts of the elements of a JSON list. Throws `VALIDATION_ERROR` for what is none. */
export function splitList(list: Uint8Array): readonly Uint8Array[] {
  if (!isList(list)) throw new BusError('VALIDATION_ERROR', 'The body must be a JSON list.');
  const elements: Uint8Array[] = [];
  let [depth, start, isText] = [0, list.indexOf(OPEN_LIST) + 1, false];
  const end = list.lastIndexOf(CLOSE_LIST);
  for (let at = start; at < end; at++) {
    const byte = list[at];
    if (isText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
    else if (byte === COMMA && depth === 0) {
      elements.push(list.subarray(start, at));
      start = at + 1;
    }
  }
  const last = list.subarray(start, end);
  return last.some((byte) => byte > SPACE) ? [...elements, last] : elements;
}

function isList(text: Uint8Array): boolean {
  try {
    return Array.isArray(JSON.parse(decoder.decode(text)));
  } catch {
    return false;
  }
}
