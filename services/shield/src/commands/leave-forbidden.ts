import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { Session } from '../session/session.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

/** What taking a session out of channels needs from around it. */
export interface LeaveForbiddenParts {
  readonly subscriptions: Subscriptions;
  readonly membership: Pick<MembershipReporter, 'left'>;
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
  subscriptions.review(session);
}
