import { BusError } from '@arqonbus/protocol';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { Session } from '../session/session.ts';

/** Tells a client that its request was refused or failed. */
export type Refuse = (session: Session, requestId: string, error: unknown, context?: object) => void;

/**
 * A `BusError` is told as it is, unless it tells of an internal error elsewhere; that, and anything else, is a bug of
 * ours, of which a client hears nothing but a correlation id (PRT-10).
 *
 * @param onBug logs what failed and gives the id.
 */
export function createRefuse(
  envelopes: ServerEnvelopes,
  send: SendToSession,
  onBug: (context: object, error: unknown) => string,
): Refuse {
  return (session, requestId, error, context = {}) => {
    if (error instanceof BusError && error.code !== 'INTERNAL_ERROR') {
      const { code, message: text, details } = error;
      send(session, envelopes.error({ code, requestId, text, details }));
      return;
    }
    const traceId = onBug({ tenant: session.tenant, client_id: session.clientId, ...context }, error);
    send(session, envelopes.error({ code: 'INTERNAL_ERROR', requestId, details: { trace_id: traceId } }));
  };
}
