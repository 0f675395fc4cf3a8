import { createEnvelope } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { bounds, field, statusNames, typeNames } from '../envelope-fields.ts';
import { ProtoReader, wire } from './proto-reader.ts';
import { VIEWS_FIELD } from './sealed-views.ts';

const MAX_FIELD_NUMBER = 536_870_911;
const KNOWN_FIELDS = 33;

/** The wire type of every field by number. */
const wireTypes: Uint8Array = new Uint8Array(KNOWN_FIELDS).fill(wire.bytes);
for (const number of [
  field.type,
  field.timestamp,
  field.ack,
  field.status,
  field.seq,
  field.prevSeq,
  field.expectedSeq,
]) {
  wireTypes[number] = wire.varint;
}

const reader = new ProtoReader();
let clockEntries = 0;
let headerEntries = 0;

/** What {@link readEnvelope} found besides the envelope. */
export const seen = { type: 0, status: 0 };

/**
 * Reads the wire format alone: no grammar, no JSON. Bytes in the result are views of the input. The numbers of the type
 * and the status, which may be unknown, are left in {@link seen}. Unknown fields are passed over and a scalar given twice
 * counts the last time; undefined = malformed, which includes wrong wire types and more entries than a field may have.
 */
export function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  reader.begin(bytes);
  seen.type = 0;
  seen.status = 0;
  clockEntries = 0;
  headerEntries = 0;
  const envelope = createEnvelope('event');
  while (reader.position < reader.end) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    const wireType = tag & 7;
    if (number === VIEWS_FIELD && wireType === wire.bytes) envelope.views = reader.view();
    else if (number >= KNOWN_FIELDS) {
      if (number > MAX_FIELD_NUMBER) reader.fail();
      reader.skip(wireType);
    } else if (number === 0) reader.fail();
    else if (number === field.vector && wireType === wire.fixed64) addToVector(envelope, reader.position + 8);
    else if (wireType !== wireTypes[number]) reader.fail();
    else if (number <= field.errorCode) readFirst(envelope, number);
    else readRest(envelope, number);
  }
  reader.release();
  if (reader.isBroken) return undefined;
  if (envelope.version === '') envelope.version = '1.0';
  envelope.type = typeNames[seen.type] ?? 'event';
  envelope.status = statusNames[seen.status] ?? '';
  return envelope;
}

function readFirst(envelope: Envelope, number: number): void {
  switch (number) {
    case field.version:
      envelope.version = reader.text();
      break;
    case field.id:
      envelope.id = reader.text();
      break;
    case field.type:
      seen.type = reader.varint();
      break;
    case field.timestamp:
      envelope.timestampMs = reader.varint();
      break;
    case field.room:
      envelope.room = reader.text();
      break;
    case field.channel:
      envelope.channel = reader.text();
      break;
    case field.sender:
      envelope.sender = reader.text();
      break;
    case field.to:
      envelope.to = withItem(envelope.to, reader.text(), bounds.targets);
      break;
    case field.payload:
      envelope.payload = reader.view();
      break;
    case field.contentType:
      envelope.contentType = reader.text();
      break;
    case field.metadata:
      envelope.metadata = reader.view();
      break;
    case field.command:
      envelope.command = reader.text();
      break;
    case field.args:
      envelope.args = reader.view();
      break;
    case field.ack:
      envelope.ack = reader.varint() !== 0;
      break;
    case field.requestId:
      envelope.requestId = reader.text();
      break;
    case field.status:
      seen.status = reader.varint();
      break;
    case field.error:
      envelope.error = reader.text();
      break;
    default:
      envelope.errorCode = reader.text();
  }
}

function readRest(envelope: Envelope, number: number): void {
  switch (number) {
    case field.seq:
      envelope.seq = reader.varint();
      break;
    case field.prevSeq:
      envelope.prevSeq = reader.varint();
      break;
    case field.epoch:
      envelope.epoch = reader.text();
      break;
    case field.schema:
      envelope.schema = reader.text();
      break;
    case field.traceparent:
      envelope.traceparent = reader.text();
      break;
    case field.causalParentId:
      envelope.causalParentId = reader.text();
      break;
    case field.vectorClock:
      readClockEntry(envelope);
      break;
    case field.intent:
      envelope.intent = reader.text();
      break;
    case field.vector:
      addToVector(envelope, reader.lengthEnd());
      break;
    case field.capabilities:
      envelope.capabilities = withItem(envelope.capabilities, reader.text(), bounds.capabilities);
      break;
    case field.spectral:
      envelope.spectral = reader.view();
      break;
    case field.signature:
      envelope.signature = reader.view();
      break;
    case field.headers:
      readHeader(envelope);
      break;
    default:
      envelope.expectedSeq = reader.varint();
  }
}

/** The list of a fresh envelope is shared and frozen: the first item makes our own. */
function withItem(list: readonly string[], item: string, maxItems: number): readonly string[] {
  if (list.length === 0) return [item];
  if (list.length >= maxItems) reader.fail();
  else (list as string[]).push(item);
  return list;
}

/** Reads doubles up to `end`; packed or one by one, both are legal. */
function addToVector(envelope: Envelope, end: number): void {
  const vector = envelope.vector.length === 0 ? [] : (envelope.vector as number[]);
  const isTooLong = vector.length + (end - reader.position) / 8 > bounds.vector;
  if (isTooLong || end > reader.end) return reader.fail();
  while (reader.position < end) vector.push(reader.double());
  if (reader.position !== end) return reader.fail();
  envelope.vector = vector;
}

const entry = { key: '', text: '', count: 0 };

/** Reads a map's entry, whose field 1 is the key and field 2 the value, into {@link entry}. */
function readEntry(valueWireType: number): void {
  entry.key = '';
  entry.text = '';
  entry.count = 0;
  const outerEnd = reader.end;
  const end = reader.lengthEnd();
  reader.end = end;
  while (reader.position < end) {
    const tag = reader.varint();
    if (tag === (8 | wire.bytes)) entry.key = reader.text();
    else if (tag !== (16 | valueWireType)) reader.fail();
    else if (valueWireType === wire.bytes) entry.text = reader.text();
    else entry.count = reader.varint();
  }
  reader.end = outerEnd;
  if (reader.isBroken) reader.fail();
}

function readClockEntry(envelope: Envelope): void {
  readEntry(wire.varint);
  if (clockEntries++ === 0) envelope.vectorClock = Object.create(null);
  if (clockEntries > bounds.vectorClockEntries) return reader.fail();
  (envelope.vectorClock as Record<string, number>)[entry.key] = entry.count;
}

function readHeader(envelope: Envelope): void {
  readEntry(wire.bytes);
  // Without a prototype no key means more than it says.
  if (headerEntries++ === 0) envelope.headers = Object.create(null);
  if (headerEntries > bounds.headers) return reader.fail();
  (envelope.headers as Record<string, string>)[entry.key] = entry.text;
}
