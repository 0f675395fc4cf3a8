import { createHash } from 'node:crypto';
import { BusError, isJsonContentType } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { MAX_EDGE_MESSAGES, publishAtEdge } from '@arqonbus/spine';
import type { EdgeOutcome, Spine } from '@arqonbus/spine';
import { onlyOutcome } from './only-outcome.ts';
import type { Operation } from './operation.ts';

/** What became of one of several: an outcome of the edge, or why it did not get there. */
export type BatchOutcome = EdgeOutcome | BusError;

/** Publishes one envelope at the edge (SAF-3). Throws its refusal. */
export async function publishOne(
  operation: Operation,
  envelope: Envelope,
  spine: Spine,
): Promise<Extract<EdgeOutcome, { ok: true }>> {
  operation.charge(1);
  return onlyOutcome(await publish(operation, [identified(envelope, operation, 0)], spine));
}

/**
 * Publishes several in their order, each with an outcome of its own: one refusal does not keep the others from being
 * published. `read` gives the one at a place, or throws what is wrong with it.
 */
export async function publishBatch(
  operation: Operation,
  count: number,
  read: (index: number) => Envelope,
  spine: Spine,
): Promise<readonly BatchOutcome[]> {
  if (count === 0 || count > MAX_EDGE_MESSAGES) {
    throw new BusError('VALIDATION_ERROR', `A batch has 1 to ${MAX_EDGE_MESSAGES} messages.`);
  }
  operation.charge(count);
  const parsed = Array.from({ length: count }, (_, index) => readOne(operation, index, read));
  const good = parsed.filter((one): one is Envelope => !(one instanceof BusError));
  const outcomes = good.length === 0 ? [] : await publish(operation, good, spine);
  let next = 0;
  return parsed.map((one) => (one instanceof BusError ? one : (outcomes[next++] ?? new BusError('INTERNAL_ERROR'))));
}

const encoder = new TextEncoder();

/** To a room, as what it is; to the tenant, as a word of the server that cannot be taken for another (PRT-18). */
export function broadcastOf(envelope: Envelope): Envelope {
  if (envelope.room !== '') return { ...envelope, channel: '*' };
  if (!isJsonContentType(envelope.contentType) || envelope.payload.length === 0) {
    throw new BusError('VALIDATION_ERROR', 'What is told to a whole tenant is JSON.');
  }
  const payload = Buffer.concat([
    encoder.encode('{"event":"broadcast","payload":'),
    envelope.payload,
    encoder.encode('}'),
  ]);
  return { ...envelope, type: 'system', payload };
}

function readOne(operation: Operation, index: number, read: (index: number) => Envelope): Envelope | BusError {
  try {
    return identified(read(index), operation, index);
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
}

/** With the key of the request an envelope without an id of its own gets the same one each time (LOG-5). */
function identified(envelope: Envelope, { caller, idempotencyKey }: Operation, index: number): Envelope {
  if (idempotencyKey === '' || envelope.id !== '') return envelope;
  const { tenant, user } = caller.principal;
  const hash = createHash('sha256')
    .update(JSON.stringify([tenant, user, idempotencyKey, index]))
    .digest('base64url');
  return { ...envelope, id: `arq_ik_${hash}` };
}

function publish(
  { caller, deadlineMs }: Operation,
  envelopes: readonly Envelope[],
  spine: Spine,
): Promise<readonly EdgeOutcome[]> {
  return publishAtEdge(spine, { ...caller, messages: envelopes.map((envelope) => ({ envelope })) }, deadlineMs);
}
