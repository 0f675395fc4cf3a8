import type { Logger } from '@arqonbus/telemetry';
import type { Activity } from '../activity/activity.ts';
import type { DirectDeliveries } from '../delivery/direct-deliveries.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { SlowConsumers } from '../delivery/slow-consumers.ts';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { OperatorSessions } from '../operators/operator-sessions.ts';
import type { TaskDeliveries } from '../operators/task-deliveries.ts';
import type { AbsentClients } from '../resume/absent-clients.ts';
import { isResumable } from '../resume/is-resumable.ts';
import type { LostClients } from '../resume/lost-clients.ts';
import type { StoreWatches } from '../store/store-watches.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Gives back what a session held. */
export interface EndSession {
  /** Its socket has closed with this code. Does nothing for a session that has ended before. */
  closed(session: Session, code: number): void;
  /** Its client goes on elsewhere (PRT-7): says so, gives everything back at once, and closes the socket. */
  replaced(session: Session): void;
}

/** What ending sessions needs from around it. */
export interface EndSessionOptions {
  readonly sessions: SessionRegistry;
  readonly subscriptions: Subscriptions;
  readonly membership: MembershipReporter;
  readonly operators: Pick<OperatorSessions, 'left'>;
  readonly slowConsumers: SlowConsumers;
  readonly directDeliveries: DirectDeliveries;
  readonly taskDeliveries: Pick<TaskDeliveries, 'closed'>;
  readonly admission: ConnectionAdmission;
  readonly storeWatches: Pick<StoreWatches, 'closed'>;
  readonly lost: LostClients;
  readonly absent: AbsentClients;
  readonly activity: Pick<Activity, 'disconnected'>;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly onReplaced: () => void;
  readonly logger: Logger;
}

/**
 * Ends of a connection that are not the client's word: it may be back before anybody notices (PRS-2). Not 1012: who is
 * sent away is told to come back later than anybody is kept.
 */
const LOST: ReadonlySet<number> = new Set([1006, 1011, 1013, 4401, 4408, 4409, 4429]);

/** Ends sessions of these parts. */
export function createEndSession(options: EndSessionOptions): EndSession {
  return {
    closed: (session, socketCode) => {
      if (!options.sessions.remove(session)) return;
      // Who is sent away and does not say goodbye was sent away all the same.
      const code = session.closingCode ?? socketCode;
      if (isResumable(code)) noteLost(session, options);
      else options.absent.delete(session.clientId);
      giveBack(session, socketCode, LOST.has(code), options);
    },
    replaced: (session) => {
      const { connection } = session;
      if (!options.sessions.remove(session)) return;
      options.send(session, options.envelopes.system({ event: 'replaced' }));
      session.isClosing = true;
      options.absent.add(session.clientId);
      // It lingers until the new connection has taken up its channels.
      giveBack(session, 4403, true, options);
      connection?.close(4403, 'replaced');
      options.onReplaced();
    },
  };
}

function noteLost(session: Session, { lost, absent }: EndSessionOptions): void {
  lost.add(session);
  absent.add(session.clientId);
}

/** Called while the session still has its subscriptions. */
function giveBack(session: Session, code: number, isLost: boolean, options: EndSessionOptions): void {
  options.membership.disconnected(session, isLost);
  // What it works on is not kept waiting for its return.
  void options.operators.left(session);
  options.slowConsumers.onClosed(session);
  options.subscriptions.leaveAll(session);
  options.storeWatches.closed(session);
  session.connection = undefined;
  session.slow = undefined;
  session.tenantState.connections -= 1;
  options.admission.closed(session.remoteIp);
  options.directDeliveries.closed(session);
  options.taskDeliveries.closed(session);
  options.activity.disconnected(session, code);
  options.logger.info(
    { event: 'client_disconnected', tenant: session.tenant, client_id: session.clientId, code },
    'a client disconnected',
  );
}
