import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import { operateRefusal } from '../operators/may-operate.ts';
import type { OperatorSessions } from '../operators/operator-sessions.ts';
import type { Session } from '../session/session.ts';
import type { StoreWatches } from '../store/store-watches.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

/** What taking a session out of channels needs from around it. */
export interface LeaveForbiddenParts {
  readonly subscriptions: Subscriptions;
  readonly membership: Pick<MembershipReporter, 'left'>;
  readonly operators: Pick<OperatorSessions, 'left'>;
  readonly storeWatches: Pick<StoreWatches, 'review'>;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
}

/** Narrower rights end what they no longer allow, and say so; what is seen of the rest follows them, too (CAS-12). */
export function leaveForbidden(session: Session, parts: LeaveForbiddenParts): void {
  const { subscriptions, membership, envelopes, send } = parts;
  for (const { channel: local, isExplicit } of Array.from(session.subscriptions.values())) {
    const { room, channel } = local.address;
    if (!isExplicit || session.rights.may('join', room, channel)) continue;
    subscriptions.leave(session, room, channel);
    void membership.left(session, room, channel);
    send(session, envelopes.system({ event: 'left', room, channel, reason: 'rights' }));
  }
  leaveGroup(session, parts);
  subscriptions.review(session);
  parts.storeWatches.review(session);
}

/** An operator that may no longer be one is none; what it works on goes to others (OPR-4). */
function leaveGroup(session: Session, { operators, envelopes, send }: LeaveForbiddenParts): void {
  const { operator } = session;
  if (operator === undefined || operateRefusal(session, operator.group, operator.capabilities) === undefined) return;
  void operators.left(session);
  send(session, envelopes.system({ event: 'operator_left', group: operator.group, reason: 'rights' }));
}
