import { copyBytes } from '../bytes/copy-bytes.ts';
import { checkEnvelope } from '../check-envelope.ts';
import { checkJsonFields } from '../check-json-fields.ts';
import { applyCommandAlias } from '../command-alias.ts';
import type { DecodeResult } from '../decode-result.ts';
import { NO_BYTES } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { statusNames, typeNames } from '../envelope-fields.ts';
import type { Limits } from '../limits.ts';
import { Problems } from '../problems.ts';
import { readEnvelope, seen } from './read-envelope.ts';

/**
 * Reads one binary frame (PRT-11), with the rules and outcomes of `decodeJsonEnvelope`. The envelope owns its bytes.
 * Never throws; unknown fields are dropped (PRT-8).
 */
export function decodeProtoEnvelope(bytes: Uint8Array, limits: Limits): DecodeResult {
  const problems = new Problems();
  const envelope = readEnvelope(bytes);
  if (envelope === undefined) {
    problems.add('', 'is not a valid Protobuf envelope');
    return problems.refusal('');
  }
  checkJsonFields(envelope, limits, problems);
  // As with a JSON frame, nothing is told about the fields when the JSON is not even acceptable.
  if (!problems.isEmpty()) return problems.refusal(envelope.id);
  if (seen.type === 0) problems.add('type', 'is required');
  else if (seen.type >= typeNames.length) problems.addType();
  if (seen.status >= statusNames.length) problems.add('status', 'must be success or error');
  applyCommandAlias(envelope, limits, problems);
  checkEnvelope(envelope, limits, problems);
  own(envelope);
  // Between Shields alone: a client has none.
  envelope.views = NO_BYTES;
  return problems.result(envelope);
}

/**
 * Reads bytes that a service of ours encoded (SPN-3), or returns undefined when they are malformed. Grammar and JSON were
 * checked at the edge and are not checked again. The envelope's bytes are views: it keeps `bytes` alive, and they must
 * not change.
 */
export function decodeTrustedProtoEnvelope(bytes: Uint8Array): Envelope | undefined {
  const envelope = readEnvelope(bytes);
  if (seen.type === 0 || seen.type >= typeNames.length || seen.status >= statusNames.length) return undefined;
  return envelope;
}

/** Replaces the views of the input by copies. */
function own(envelope: Envelope): void {
  envelope.payload = owned(envelope.payload);
  envelope.metadata = owned(envelope.metadata);
  envelope.args = owned(envelope.args);
  envelope.spectral = owned(envelope.spectral);
  envelope.signature = owned(envelope.signature);
}

function owned(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : copyBytes(bytes, 0, bytes.length);
}
