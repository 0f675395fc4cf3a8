import { utf8Length } from '../bytes/byte-writer.ts';
import { ANY_SEQ } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { field, statusNames, typeNumbers } from '../envelope-fields.ts';
import { wire } from './proto-reader.ts';
import { ProtoWriter, varintLength } from './proto-writer.ts';

const writer = new ProtoWriter();

/** Writes an envelope as `arqon.v1.Envelope` in fresh bytes (PRT-11). Empty fields are left out. */
export function encodeProtoEnvelope(envelope: Envelope): Uint8Array {
  writer.reset();
  writer.textField(field.version, envelope.version);
  writer.textField(field.id, envelope.id);
  writer.countField(field.type, typeNumbers[envelope.type]);
  writer.countField(field.timestamp, envelope.timestampMs);
  writer.textField(field.room, envelope.room);
  writer.textField(field.channel, envelope.channel);
  writer.textField(field.sender, envelope.sender);
  for (const target of envelope.to) writer.textItem(field.to, target);
  writer.bytesField(field.payload, envelope.payload);
  writer.textField(field.contentType, envelope.contentType);
  writer.bytesField(field.metadata, envelope.metadata);
  writer.textField(field.command, envelope.command);
  writer.bytesField(field.args, envelope.args);
  if (envelope.ack) writer.countField(field.ack, 1);
  writeReply(envelope);
  writeMeaning(envelope);
  return writer.take();
}

function writeReply(envelope: Envelope): void {
  writer.textField(field.requestId, envelope.requestId);
  if (envelope.status !== '') writer.countField(field.status, statusNames.indexOf(envelope.status));
  writer.textField(field.error, envelope.error);
  writer.textField(field.errorCode, envelope.errorCode);
  writer.countField(field.seq, envelope.seq);
  writer.countField(field.prevSeq, envelope.prevSeq);
  writer.textField(field.epoch, envelope.epoch);
}

function writeMeaning(envelope: Envelope): void {
  writer.textField(field.schema, envelope.schema);
  writer.textField(field.traceparent, envelope.traceparent);
  writer.textField(field.causalParentId, envelope.causalParentId);
  for (const name in envelope.vectorClock) writeClockEntry(name, envelope.vectorClock[name] as number);
  writer.textField(field.intent, envelope.intent);
  writeVector(envelope.vector);
  for (const capability of envelope.capabilities) writer.textItem(field.capabilities, capability);
  writer.bytesField(field.spectral, envelope.spectral);
  writer.bytesField(field.signature, envelope.signature);
  for (const name in envelope.headers) writeHeader(name, envelope.headers[name] as string);
  if (envelope.expectedSeq !== ANY_SEQ) {
    writer.tag(field.expectedSeq, wire.varint);
    writer.varint(envelope.expectedSeq);
  }
}

function writeVector(vector: readonly number[]): void {
  if (vector.length === 0) return;
  writer.tag(field.vector, wire.bytes);
  writer.varint(vector.length * 8);
  for (const value of vector) writer.double(value);
}

function writeClockEntry(name: string, value: number): void {
  writer.tag(field.vectorClock, wire.bytes);
  writer.varint(itemLength(name) + 1 + varintLength(value));
  writer.textItem(1, name);
  writer.tag(2, wire.varint);
  writer.varint(value);
}

function writeHeader(name: string, value: string): void {
  writer.tag(field.headers, wire.bytes);
  writer.varint(itemLength(name) + itemLength(value));
  writer.textItem(1, name);
  writer.textItem(2, value);
}

/** Bytes of a text field with a number below 16: tag, length, text. */
function itemLength(text: string): number {
  const length = utf8Length(text);
  return 1 + varintLength(length) + length;
}
