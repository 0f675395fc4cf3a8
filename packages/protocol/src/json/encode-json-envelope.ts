import { ByteWriter, codePointAt } from '../bytes/byte-writer.ts';
import { ANY_SEQ, isJsonContentType } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { field, fieldNames } from '../envelope-fields.ts';
import { formatTime } from '../times.ts';
import { plainInString } from './json-classes.ts';
import { writeCodePoint } from './json-string.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;
const LONGEST_ESCAPE = 6;

const encoder = new TextEncoder();
const writer = new ByteWriter();

/** `,"name":` of every field, ready to be copied; `version` opens the object. */
const prefixes: readonly Uint8Array[] = fieldNames.map((name) => encoder.encode(`,"${name}":`));
const start: Uint8Array = encoder.encode('{"version":');
const trueText: Uint8Array = encoder.encode('true');

/**
 * Writes an envelope as one JSON text in fresh bytes. Empty fields are left out; JSON inside it (`payload`, `metadata`,
 * `args`, `spectral`) is spliced in as it is, payloads of other types and `signature` as base64.
 */
export function encodeJsonEnvelope(envelope: Envelope): Uint8Array {
  writer.reset();
  writer.append(start);
  writeString(envelope.version);
  writeText(field.id, envelope.id);
  writeText(field.type, envelope.type);
  if (envelope.timestampMs !== 0) writeText(field.timestamp, formatTime(envelope.timestampMs));
  writeText(field.room, envelope.room);
  writeText(field.channel, envelope.channel);
  writeText(field.sender, envelope.sender);
  if (envelope.to.length > 0) writeTexts(field.to, envelope.to);
  writeText(field.contentType, envelope.contentType);
  if (isJsonContentType(envelope.contentType)) writeRaw(field.payload, envelope.payload);
  else writeBase64(field.payload, envelope.payload);
  writeRaw(field.metadata, envelope.metadata);
  writeText(field.command, envelope.command);
  writeRaw(field.args, envelope.args);
  if (envelope.ack) writeRaw(field.ack, trueText);
  writeReply(envelope);
  writeMeaning(envelope);
  writer.byte(CLOSE_OBJECT);
  return writer.take();
}

function writeReply(envelope: Envelope): void {
  writeText(field.requestId, envelope.requestId);
  writeText(field.status, envelope.status);
  writeText(field.error, envelope.error);
  writeText(field.errorCode, envelope.errorCode);
  writeCount(field.seq, envelope.seq);
  writeCount(field.prevSeq, envelope.prevSeq);
  writeText(field.epoch, envelope.epoch);
}

function writeMeaning(envelope: Envelope): void {
  writeText(field.schema, envelope.schema);
  writeText(field.traceparent, envelope.traceparent);
  writeText(field.causalParentId, envelope.causalParentId);
  writeRecord(field.vectorClock, envelope.vectorClock);
  writeText(field.intent, envelope.intent);
  if (envelope.vector.length > 0) writeNumbers(field.vector, envelope.vector);
  if (envelope.capabilities.length > 0) writeTexts(field.capabilities, envelope.capabilities);
  writeRaw(field.spectral, envelope.spectral);
  writeBase64(field.signature, envelope.signature);
  writeRecord(field.headers, envelope.headers);
  if (envelope.expectedSeq !== ANY_SEQ) {
    writePrefix(field.expectedSeq);
    writer.text(String(envelope.expectedSeq));
  }
}

function writePrefix(number: number): void {
  writer.append(prefixes[number] as Uint8Array);
}

function writeText(number: number, text: string): void {
  if (text === '') return;
  writePrefix(number);
  writeString(text);
}

function writeRaw(number: number, json: Uint8Array): void {
  if (json.length === 0) return;
  writePrefix(number);
  writer.append(json);
}

function writeBase64(number: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  writePrefix(number);
  writer.byte(QUOTE);
  writer.base64(bytes);
  writer.byte(QUOTE);
}

function writeCount(number: number, value: number): void {
  if (value === 0) return;
  writePrefix(number);
  writer.text(String(value));
}

function writeTexts(number: number, texts: readonly string[]): void {
  writePrefix(number);
  for (let i = 0; i < texts.length; i++) {
    writer.byte(i === 0 ? 0x5b : COMMA);
    writeString(texts[i] as string);
  }
  writer.byte(CLOSE_ARRAY);
}

function writeNumbers(number: number, values: readonly number[]): void {
  writePrefix(number);
  for (let i = 0; i < values.length; i++) {
    writer.byte(i === 0 ? 0x5b : COMMA);
    writeNumber(values[i] as number);
  }
  writer.byte(CLOSE_ARRAY);
}

/** String() loses the sign of -0, which Protobuf keeps. */
function writeNumber(value: number): void {
  writer.text(Object.is(value, -0) ? '-0' : String(value));
}

function writeRecord(number: number, record: Readonly<Record<string, string | number>>): void {
  let isFirst = true;
  for (const key in record) {
    if (isFirst) writePrefix(number);
    writer.byte(isFirst ? 0x7b : COMMA);
    isFirst = false;
    writeString(key);
    writer.byte(0x3a);
    const value = record[key] as string | number;
    if (typeof value === 'string') writeString(value);
    else writeNumber(value);
  }
  if (!isFirst) writer.byte(CLOSE_OBJECT);
}

function writeString(text: string): void {
  writer.makeRoom(text.length * LONGEST_ESCAPE + 2);
  const { bytes } = writer;
  let at = writer.length;
  bytes[at++] = QUOTE;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (plainInString[code] === 1) bytes[at++] = code;
      else at = writeEscape(bytes, at, code);
    } else {
      const point = codePointAt(text, i);
      if (point > 0xffff) i++;
      at = writeCodePoint(bytes, at, point);
    }
  }
  bytes[at++] = QUOTE;
  writer.length = at;
}

const HEX = '0123456789abcdef';

function writeEscape(bytes: Uint8Array, at: number, code: number): number {
  bytes[at] = BACKSLASH;
  if (code === QUOTE || code === BACKSLASH) {
    bytes[at + 1] = code;
    return at + 2;
  }
  bytes[at + 1] = 0x75;
  bytes[at + 2] = 0x30;
  bytes[at + 3] = 0x30;
  bytes[at + 4] = HEX.charCodeAt(code >> 4);
  bytes[at + 5] = HEX.charCodeAt(code & 15);
  return at + LONGEST_ESCAPE;
}
