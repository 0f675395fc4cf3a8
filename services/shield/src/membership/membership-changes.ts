import { MembershipChangeSchema, MembershipChange_Kind, create } from '@arqonbus/protocol/spine-messages';
import type { MembershipChange } from '@arqonbus/protocol/spine-messages';
import type { Session } from '../session/session.ts';
import { memberOfSession } from './member-of-session.ts';

/** The connection opened. */
export function connectOf(session: Session): MembershipChange {
  const { tenant, clientId, generation } = session;
  const kind = MembershipChange_Kind.CONNECT;
  return create(MembershipChangeSchema, { kind, tenant, clientId, generation, member: memberOfSession(session) });
}

/** The session joined; it says who that is, since the room's partition may not know, and what it shows there alone. */
export function joinOf(session: Session, room: string, channel: string, meta?: Uint8Array): MembershipChange {
  const { tenant, clientId, generation } = session;
  const [kind, member] = [MembershipChange_Kind.JOIN, memberOfSession(session)];
  const own = meta === undefined ? {} : { meta };
  return create(MembershipChangeSchema, { kind, tenant, clientId, generation, room, channel, member, ...own });
}

/** The session shows itself in another way. */
export function updateOf(session: Session): MembershipChange {
  const { tenant, clientId, generation } = session;
  const [kind, member] = [MembershipChange_Kind.UPDATE, memberOfSession(session)];
  return create(MembershipChangeSchema, { kind, tenant, clientId, generation, member });
}

/** The connection was lost; it may come back. */
export function lingerOf({ tenant, clientId, generation }: Session): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.LINGER, tenant, clientId, generation });
}

/** The session left. */
export function leaveOf(session: Session, room: string, channel: string): MembershipChange {
  const { tenant, clientId, generation } = session;
  const kind = MembershipChange_Kind.LEAVE;
  return create(MembershipChangeSchema, { kind, tenant, clientId, generation, room, channel });
}

/** The connection is gone. */
export function disconnectOf({ tenant, clientId, generation }: Session): MembershipChange {
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.DISCONNECT, tenant, clientId, generation });
}
