import type { Origin } from '@arqonbus/pipeline';
import type { Logger } from '@arqonbus/telemetry';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { FloodHolds } from '../limits/flood-holds.ts';
import { closeSession } from './close-session.ts';
import type { Session } from './session.ts';

/** Ends the connection of one who does not stop: 4429, after an `error` that says for how long it is held off (PRT-23). */
export type CutFlooder = (session: Session) => void;

/** What cutting needs from around it. */
export interface CutFlooderOptions {
  readonly floodHolds: Pick<FloodHolds, 'hold'>;
  readonly envelopes: Pick<ServerEnvelopes, 'error'>;
  readonly send: SendToSession;
  readonly logger: Logger;
}

/** Cuts, and holds off, by these parts. */
export function createCutFlooder({ floodHolds, envelopes, send, logger }: CutFlooderOptions): CutFlooder {
  return (session) => {
    if (session.isClosing || session.connection === undefined || isWithoutConnection(session)) return;
    const { tenant, user, clientId, remoteIp: ip } = session;
    const { remainingMs, isNew } = floodHolds.hold({ tenant, user, ip });
    const details = { retry_after_ms: Math.ceil(remainingMs) };
    send(session, envelopes.error({ code: 'RATE_LIMITED', requestId: '', details }));
    closeSession(session, 4429);
    const fields = { event: 'flooder_held_off', tenant, client_id: clientId, for_ms: details.retry_after_ms };
    if (isNew) logger.warn(fields, 'a client that floods is held off');
  };
}

/** A service asks for it, and gets one answer to one message (ARC-15): there is nothing to cut. */
function isWithoutConnection({ isService }: Origin): boolean {
  return isService === true;
}
