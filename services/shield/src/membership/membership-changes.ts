import { MembershipChangeSchema, MembershipChange_Kind, create } from '@arqonbus/protocol/spine-messages';
import type { MembershipChange } from '@arqonbus/protocol/spine-messages';
import type { Session } from '../session/session.ts';
import { memberOfSession } from './member-of-session.ts';

/** The connection opened. */
export function connectOf(session: Session): MembershipChange {
  const { tenant, clientId } = session;
  const kind = MembershipChange_Kind.CONNECT;
  return create(MembershipChangeSchema, { kind, tenant, clientId, member: memberOfSession(session) });
}

/** The session joined; it says who that is, since the room's partition may not know. */
export function joinOf(session: Session, room: string, channel: string): MembershipChange {
  const { tenant, clientId } = session;
  const member = memberOfSession(session);
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.JOIN, tenant, clientId, room, channel, member });
}

/** The session left. */
export function leaveOf({ tenant, clientId }: Session, room: string, channel: string): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.LEAVE, tenant, clientId, room, channel });
}

/** The connection is gone. */
export function disconnectOf({ tenant, clientId }: Session): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.DISCONNECT, tenant, clientId });
}
