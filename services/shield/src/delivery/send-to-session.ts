import type { Envelope } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import { encodeFrame } from './frames.ts';

/** Writes one envelope to a session; nothing happens once it is closed. */
export type SendToSession = (session: Session, envelope: Envelope) => void;

/** A sender that counts what it writes, so that the sweep of slow consumers knows that something was written. */
export function createSendToSession(counters: DeliveryCounters): SendToSession {
  return (session, envelope) => {
    if (session.connection === undefined) return;
    writeFrame(session, encodeFrame(envelope, session.format), counters);
  };
}

/** Writes a frame in the session's own format, and counts it; nothing happens once the session is closed. */
export function writeFrame(session: Session, frame: Uint8Array, counters: DeliveryCounters): void {
  if (session.connection === undefined) return;
  session.connection.send(frame, session.format === 'proto');
  session.tenantState.messagesOut += 1;
  counters.countDirect(frame.length);
}
