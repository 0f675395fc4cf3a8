import type { Envelope } from './envelope.ts';
import { bounds } from './envelope-fields.ts';
import type { Limits } from './limits.ts';
import { isChannel, isMessageId, isName, isPrintable, isPrivateTarget, isSafeKey } from './names.ts';
import type { Problems } from './problems.ts';
import { MAX_TIME_MS } from './times.ts';
import { clockProblem } from './vector-clock.ts';

/** The grammar and bounds of every field, shared by both formats so that they cannot disagree (PRT-11, P-21). */
export function checkEnvelope(envelope: Envelope, limits: Limits, problems: Problems): void {
  if (!isSupportedVersion(envelope.version)) problems.addVersion();
  if (envelope.id !== '' && !isMessageId(envelope.id)) problems.add('id', 'is not a message id');
  const time = envelope.timestampMs;
  if (time < 0 || time > MAX_TIME_MS) problems.add('timestamp', 'is out of range');
  splitRoom(envelope, problems);
  if (envelope.to.length > 0) checkTargets(envelope.to, limits, problems);
  const { contentType, command } = envelope;
  if (contentType !== '' && !isMediaType(contentType)) problems.add('content_type', 'is not a media type');
  if (command !== '' && !isName(command)) problems.add('command', 'is not a command name');
  checkServerFields(envelope, problems);
  checkMeaning(envelope, problems);
  if (envelope.signature.length > bounds.signature) problems.add('signature', 'is too long');
  checkHeaders(envelope.headers, problems);
}

const VERSION = /^1\.\d{1,4}$/;

function isSupportedVersion(version: string): boolean {
  return version === '1.0' || VERSION.test(version);
}

/** `room` may hold `room:channel`; afterwards it never does. `*` as room is the server's word for a whole tenant. */
function splitRoom(envelope: Envelope, problems: Problems): void {
  const { room } = envelope;
  if (room === '' || isName(room)) return checkChannel(envelope.channel, problems);
  const colon = room.indexOf(':');
  if (colon < 0) {
    if (room !== '*') problems.add('room', 'is not a name');
    return checkChannel(envelope.channel, problems);
  }
  const channel = room.slice(colon + 1);
  if (!isName(room.slice(0, colon)) || !isChannel(channel)) problems.add('room', 'is not a name');
  if (envelope.channel !== '' && envelope.channel !== channel) problems.add('channel', 'contradicts the room');
  envelope.room = room.slice(0, colon);
  envelope.channel = channel;
}

function checkChannel(channel: string, problems: Problems): void {
  if (channel !== '' && !isChannel(channel)) problems.add('channel', 'is not a name');
}

function checkTargets(to: readonly string[], limits: Limits, problems: Problems): void {
  if (to.length > limits.maxTargets) return problems.add('to', 'has too many entries');
  for (const target of to) {
    if (!isPrivateTarget(target)) return problems.add('to', 'holds something that is no client id or user');
  }
}

/** `type/subtype` and parameters, in printable ASCII. */
function isMediaType(text: string): boolean {
  const slash = text.indexOf('/');
  return text.length <= bounds.contentType && slash > 0 && slash < text.length - 1 && isPrintable(text);
}

/** Fields that are the server's word: on the way in they will be cleared, so only their size matters. */
function checkServerFields(envelope: Envelope, problems: Problems): void {
  checkPrintable(envelope.sender, 'sender', bounds.serverText, problems);
  checkPrintable(envelope.requestId, 'request_id', bounds.serverText, problems);
  if (envelope.error.length > bounds.error) problems.add('error', 'is too long');
  checkPrintable(envelope.errorCode, 'error_code', bounds.errorCode, problems);
  checkPrintable(envelope.epoch, 'epoch', bounds.epoch, problems);
}

function checkPrintable(text: string, name: string, maxLength: number, problems: Problems): void {
  if (text === '') return;
  if (text.length > maxLength) problems.add(name, 'is too long');
  else if (!isPrintable(text)) problems.add(name, 'must be printable ASCII');
}

function checkMeaning(envelope: Envelope, problems: Problems): void {
  checkPrintable(envelope.schema, 'schema', bounds.schema, problems);
  const { traceparent, causalParentId } = envelope;
  if (traceparent !== '' && !isTraceparent(traceparent)) problems.add('traceparent', 'is not a W3C trace context');
  if (causalParentId !== '' && !isMessageId(causalParentId)) problems.add('causal_parent_id', 'is not a message id');
  checkText(envelope.intent, 'intent', bounds.intent, problems);
  if (envelope.capabilities.length > bounds.capabilities) problems.add('capabilities', 'has too many entries');
  else for (const text of envelope.capabilities) checkText(text, 'capabilities', bounds.capability, problems);
  if (envelope.vector.length > bounds.vector) problems.add('vector', 'has too many entries');
  else if (!envelope.vector.every(Number.isFinite)) problems.add('vector', 'holds a number that is not finite');
  const problem = clockProblem(envelope.vectorClock);
  if (problem !== undefined) problems.add('vector_clock', problem);
}

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function isTraceparent(text: string): boolean {
  return text.length === 55 && TRACEPARENT.test(text);
}

/** Text for people: any character but controls. */
function checkText(text: string, name: string, maxLength: number, problems: Problems): void {
  if (text.length > maxLength) return problems.add(name, 'is too long');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return problems.add(name, 'holds a control character');
  }
}

function checkHeaders(headers: Readonly<Record<string, string>>, problems: Problems): void {
  let count = 0;
  for (const name in headers) {
    if (!isSafeKey(name)) return problems.add('headers', 'has a key that is not a name');
    checkText(headers[name] ?? '', 'headers', bounds.headerValue, problems);
    if (++count > bounds.headers) return problems.add('headers', 'has too many entries');
  }
}
