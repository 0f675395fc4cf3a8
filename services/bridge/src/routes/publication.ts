import { BusError, decodeJsonEnvelope } from '@arqonbus/protocol';
import type { Envelope, EnvelopeType, Limits } from '@arqonbus/protocol';
import { withMembers } from '../operations/json-text.ts';
import type { BatchOutcome } from '../operations/publish-envelopes.ts';

/** The envelope that a body describes, field for field as a frame of a client would. Throws what is wrong with it. */
export function parsePublication(body: Uint8Array, type: EnvelopeType, limits: Limits): Envelope {
  const result = decodeJsonEnvelope(withMembers(body, { type }), limits);
  if (result.ok) return result.envelope;
  throw new BusError(result.code, undefined, { details: { errors: result.errors } });
}

/** What the caller is told of a publication: its id, and its place in the log where it has one; or why it is none. */
export function describeOutcome(outcome: BatchOutcome): object {
  if (outcome instanceof BusError) {
    return { error: outcome.message, error_code: outcome.code, details: outcome.details };
  }
  if (outcome.ok) return { id: outcome.id, ...outcome.payload };
  const { id, code, text, details } = outcome;
  return { ...(id === '' ? {} : { id }), error: text, error_code: code, details };
}
