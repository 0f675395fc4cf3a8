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

/** The session joined; it says who that is, since the room's partition may not know, and what it shows there alone. */
export function joinOf(session: Session, room: string, channel: string, meta?: Uint8Array): MembershipChange {
  const { tenant, clientId } = session;
  const [kind, member] = [MembershipChange_Kind.JOIN, memberOfSession(session)];
  const own = meta === undefined ? {} : { meta };
  return create(MembershipChangeSchema, { kind, tenant, clientId, room, channel, member, ...own });
}

/** The session shows itself in another way. */
export function updateOf(session: Session): MembershipChange {
  const { tenant, clientId } = session;
  const [kind, member] = [MembershipChange_Kind.UPDATE, memberOfSession(session)];
  return create(MembershipChangeSchema, { kind, tenant, clientId, member });
}

/** The connection was lost; it may come back. */
export function lingerOf({ tenant, clientId }: Session): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.LINGER, tenant, clientId });
}

/** The session left. */
export function leaveOf({ tenant, clientId }: Session, room: string, channel: string): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.LEAVE, tenant, clientId, room, channel });
}

/** The connection is gone. */
export function disconnectOf({ tenant, clientId }: Session): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.DISCONNECT, tenant, clientId });
}
