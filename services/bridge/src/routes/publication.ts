import { createHash } from 'node:crypto';
import { BusError, decodeJsonEnvelope } from '@arqonbus/protocol';
import type { Envelope, EnvelopeType, Limits } from '@arqonbus/protocol';
import type { EdgeOutcome } from '@arqonbus/spine';
import { withMembers } from './json-text.ts';
import type { RouteRequest } from './route.ts';

/** The envelope that a body describes, field for field as a frame of a client would. Throws what is wrong with it. */
export function parsePublication(body: Uint8Array, type: EnvelopeType, limits: Limits): Envelope {
  const result = decodeJsonEnvelope(withMembers(body, { type }), limits);
  if (result.ok) return result.envelope;
  throw new BusError(result.code, undefined, { details: { errors: result.errors } });
}

/** With the key of the request an envelope without an id of its own gets the same one each time (LOG-5). */
export function identified(
  envelope: Envelope,
  { caller, idempotencyKey }: Pick<RouteRequest, 'caller' | 'idempotencyKey'>,
  index = 0,
): Envelope {
  if (idempotencyKey === '' || envelope.id !== '') return envelope;
  const { tenant, user } = caller.principal;
  const hash = createHash('sha256')
    .update(JSON.stringify([tenant, user, idempotencyKey, index]))
    .digest('base64url');
  return { ...envelope, id: `arq_ik_${hash}` };
}

/** What the caller is told of a publication: its id, and its place in the log where it has one. */
export function describeOutcome(outcome: EdgeOutcome): object {
  if (outcome.ok) return { id: outcome.id, ...outcome.payload };
  const { id, code, text, details } = outcome;
  return { ...(id === '' ? {} : { id }), error: text, error_code: code, details };
}

/** The same for the only one of a request. Throws its refusal. */
export function onlyOutcome([outcome]: readonly EdgeOutcome[]): Extract<EdgeOutcome, { ok: true }> {
  if (outcome?.ok === true) return outcome;
  if (outcome === undefined) throw new BusError('INTERNAL_ERROR');
  throw new BusError(outcome.code, outcome.text, { details: outcome.details });
}
