import { DisconnectOrderSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { DisconnectOrder } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { KeyValue, Spine } from '@arqonbus/spine';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import { closeSession } from '../session/close-session.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { createBanList } from './ban-list.ts';
import type { BanList } from './ban-list.ts';

/** What a session that is ended is told. */
type EndCode = 'BANNED' | 'AUTHORIZATION_ERROR' | 'QUOTA_EXCEEDED';

/** What ending sessions by order needs from around it. */
export interface DisconnectsOptions {
  readonly spine: Spine;
  readonly bans: KeyValue;
  readonly now: () => number;
  readonly sessions: SessionRegistry;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  /** Ends a session whose client was resumed elsewhere (PRT-7). */
  readonly onReplaced: (session: Session) => void;
  /** Told of every session that is ended. */
  readonly onEnded: (session: Session, code: EndCode) => void;
  readonly onMalformed: () => void;
}

/** Ends sessions when an operator says so or bans their user (AUT-5), and tells the bans in force. */
export function createDisconnects(options: DisconnectsOptions): BanList {
  const bans = createBanList(options.bans, options.now, (tenant, { user, reason }) => {
    end(options.sessions.ofUser(tenant, user), 'BANNED', reason, options);
  });
  const orders = options.spine.subscribe(ctl('disconnect'), ({ data }) => {
    const order = readMessage(DisconnectOrderSchema, data);
    if (order === undefined) options.onMalformed();
    else if (order.replacedBy > 0) endReplaced(order, options);
    else end(findSessions(order, options.sessions), codeOf(order), order.reason, options);
  });
  return {
    ...bans,
    stop: () => {
      bans.stop();
      orders.unsubscribe();
    },
  };
}

function endReplaced(order: DisconnectOrder, { sessions, onReplaced }: DisconnectsOptions): void {
  for (const session of findSessions(order, sessions)) {
    if (session.generation < order.replacedBy) onReplaced(session);
  }
}

/** Why the Brain ends a session: an operator says so or has banned its user, or it is one too many (PRT-27). */
function codeOf({ code }: DisconnectOrder): EndCode {
  return code === 'QUOTA_EXCEEDED' || code === 'BANNED' ? code : 'AUTHORIZATION_ERROR';
}

function findSessions({ tenant, clientId, user }: DisconnectOrder, sessions: SessionRegistry): Iterable<Session> {
  if (user !== '') return sessions.ofUser(tenant, user);
  const session = sessions.get(clientId);
  return session === undefined || session.tenant !== tenant ? [] : [session];
}

function end(
  sessions: Iterable<Session>,
  code: EndCode,
  reason: string,
  { envelopes, send, onEnded }: DisconnectsOptions,
): void {
  for (const session of sessions) {
    if (session.isClosing) continue;
    const text = code === 'AUTHORIZATION_ERROR' ? 'An operator ended the session.' : undefined;
    const details = reason === '' ? {} : { reason };
    send(session, envelopes.error({ code, requestId: '', details, ...(text === undefined ? {} : { text }) }));
    closeSession(session, code === 'QUOTA_EXCEEDED' ? 4429 : 4403);
    // Who is one too many has done nothing wrong.
    if (code !== 'QUOTA_EXCEEDED') onEnded(session, code);
  }
}
