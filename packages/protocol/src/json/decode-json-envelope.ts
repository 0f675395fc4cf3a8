import { checkEnvelope } from '../check-envelope.ts';
import { applyCommandAlias } from '../command-alias.ts';
import type { DecodeResult } from '../decode-result.ts';
import { createEnvelope, isJsonContentType } from '../envelope.ts';
import type { Envelope, EnvelopeType } from '../envelope.ts';
import { field } from '../envelope-fields.ts';
import type { Limits } from '../limits.ts';
import { Problems } from '../problems.ts';
import { EVENT_TYPE, FIELD_COUNT, TO_CLIENT, envelopeFields } from './json-fields.ts';
import { JsonFrame } from './json-frame.ts';
import { JsonScanner } from './json-scanner.ts';

const scanner = new JsonScanner();
const spans = { starts: new Int32Array(FIELD_COUNT), ends: new Int32Array(FIELD_COUNT) };

const utf8 = new TextDecoder();

const typesByName: ReadonlyMap<string, EnvelopeType> = new Map([
  ['event', 'event'],
  ['message', 'event'],
  ['private', 'private'],
  ['command', 'command'],
  ['telemetry', 'telemetry'],
  ['system', 'system'],
  ['response', 'response'],
  ['error', 'error'],
  ['task', 'task'],
]);

/**
 * Reads one text frame (PRT-8, PRT-10). The envelope owns its bytes; the frame need not outlive the call. Decodes what
 * servers send as well as what clients send: what a client may not send is the business of `checkInbound`.
 */
export function decodeJsonEnvelope(frame: Uint8Array, limits: Limits): DecodeResult {
  const problems = new Problems();
  spans.starts.fill(0);
  scanner.begin(frame, frame.length, limits, true);
  let position = scanner.members(scanner.skipSpace(0), envelopeFields, spans);
  if (position >= 0) position = scanner.rest(position);
  const values = new JsonFrame(frame, spans, problems);
  if (position < 0) {
    const { field: name, problem } = scanner.problem();
    scanner.finish();
    const id = values.text(field.id);
    const fresh = new Problems();
    fresh.add(name, problem);
    return fresh.refusal(id);
  }
  scanner.finish();
  const envelope = readAddress(values, problems);
  readContent(values, envelope);
  if (envelope.type === 'telemetry' && values.has(EVENT_TYPE)) joinEventType(values, envelope);
  readReply(values, envelope);
  readMeaning(values, envelope);
  applyCommandAlias(envelope, limits, problems);
  checkEnvelope(envelope, limits, problems);
  return problems.result(envelope);
}

function readAddress(values: JsonFrame, problems: Problems): Envelope {
  const typeName = values.text(field.type);
  const type = typesByName.get(typeName);
  if (type === undefined) {
    if (typeName !== '') problems.addType();
    else if (!values.has(field.type) || values.isString(field.type)) problems.add('type', 'is required');
  }
  const envelope = createEnvelope(type ?? 'event');
  if (values.has(field.version)) envelope.version = values.text(field.version) || envelope.version;
  envelope.id = values.text(field.id);
  envelope.timestampMs = values.time(field.timestamp);
  envelope.room = values.text(field.room);
  envelope.channel = values.text(field.channel);
  envelope.sender = values.text(field.sender);
  if (values.has(field.to)) envelope.to = values.textOrTexts(field.to, 'to');
  else if (values.has(TO_CLIENT)) envelope.to = values.textOrTexts(TO_CLIENT, 'to_client');
  return envelope;
}

function readContent(values: JsonFrame, envelope: Envelope): void {
  envelope.contentType = values.text(field.contentType);
  if (values.has(field.payload)) {
    const isJson = isJsonContentType(envelope.contentType);
    envelope.payload = isJson ? values.raw(field.payload) : values.base64(field.payload);
  }
  if (values.has(field.metadata)) envelope.metadata = values.object(field.metadata);
  envelope.command = values.text(field.command);
  if (values.has(field.args)) envelope.args = values.object(field.args);
  envelope.ack = values.flag(field.ack);
}

/** Telemetry with `eventType` beside its payload is the same as with both inside the payload, which is what travels. */
function joinEventType(values: JsonFrame, envelope: Envelope): void {
  if (!isJsonContentType(envelope.contentType)) return;
  const eventType = utf8.decode(values.raw(EVENT_TYPE));
  const payload = envelope.payload.length === 0 ? 'null' : utf8.decode(envelope.payload);
  envelope.payload = new TextEncoder().encode(`{"eventType":${eventType},"payload":${payload}}`);
}

function readReply(values: JsonFrame, envelope: Envelope): void {
  envelope.requestId = values.text(field.requestId);
  envelope.status = values.status(field.status);
  envelope.error = values.text(field.error);
  envelope.errorCode = values.text(field.errorCode);
  envelope.seq = values.count(field.seq);
  envelope.prevSeq = values.count(field.prevSeq);
  envelope.epoch = values.text(field.epoch);
}

function readMeaning(values: JsonFrame, envelope: Envelope): void {
  envelope.schema = values.text(field.schema);
  envelope.traceparent = values.text(field.traceparent);
  envelope.causalParentId = values.text(field.causalParentId);
  envelope.intent = values.text(field.intent);
  if (values.has(field.vectorClock)) envelope.vectorClock = values.record(field.vectorClock, 'number');
  if (values.has(field.vector)) envelope.vector = values.list(field.vector, 'number');
  if (values.has(field.capabilities)) envelope.capabilities = values.list(field.capabilities, 'string');
  if (values.has(field.spectral)) envelope.spectral = values.object(field.spectral);
  if (values.has(field.signature)) envelope.signature = values.base64(field.signature);
  if (values.has(field.headers)) envelope.headers = values.record(field.headers, 'string');
  if (values.has(field.expectedSeq)) envelope.expectedSeq = values.count(field.expectedSeq);
}
