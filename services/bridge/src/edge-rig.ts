import { createEnvelope, decodeTrustedProtoEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { BusError, Envelope } from '@arqonbus/protocol';
import { createLocalSpine, serveEdge } from '@arqonbus/spine';
import type { LocalSpine } from '@arqonbus/spine';

/** For tests: an edge without a Shield, which answers as it is told. */
export interface EdgeRig {
  readonly spine: LocalSpine;
  /** What was asked of it. */
  readonly asked: Envelope[];
  /** Gives the result of a message or command; throws its refusal. */
  answer: (envelope: Envelope) => object | Promise<object>;
}

/** Serves both methods of the edge on a Spine of its own. */
export function createEdgeRig(): EdgeRig {
  const spine = createLocalSpine();
  const rig: EdgeRig = { spine, asked: [], answer: () => ({}) };
  const observer = { onMalformed: () => undefined, onAnswered: () => undefined, onFailure: () => undefined };
  for (const method of ['publish', 'command'] as const) {
    serveEdge(
      spine,
      method,
      async ({ messages }) => ({
        replies: await Promise.all(messages.map(({ envelope }) => reply(envelope, rig))),
      }),
      observer,
    );
  }
  return rig;
}

async function reply(data: Uint8Array, rig: EdgeRig): Promise<Uint8Array> {
  const envelope = decodeTrustedProtoEnvelope(data) ?? createEnvelope('event');
  rig.asked.push(envelope);
  const base = { ...createEnvelope('response'), requestId: envelope.id === '' ? 'arq_fresh_0001' : envelope.id };
  try {
    const payload = jsonBytes(await rig.answer(envelope));
    return encodeProtoEnvelope({ ...base, status: 'success', payload });
  } catch (error) {
    const { code, message, details } = error as BusError;
    const refusal = { status: 'error' as const, errorCode: code, error: message, payload: jsonBytes(details) };
    return encodeProtoEnvelope({ ...base, ...refusal, type: 'error' });
  }
}

/** A value as JSON in UTF-8. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
