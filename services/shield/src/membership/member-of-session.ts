import { MemberSchema, create } from '@arqonbus/protocol/spine-messages';
import type { Member } from '@arqonbus/protocol/spine-messages';
import type { Session } from '../session/session.ts';

/** A session as other clients see it. */
export function memberOfSession(session: Session): Member {
  const { clientId, user, description, principal, openedAtMs, status, meta } = session;
  const { clientType, screenName, avatar, personality } = description;
  return create(MemberSchema, {
    clientId,
    user,
    clientType,
    screenName: screenName === '' ? principal.name : screenName,
    avatar,
    personality,
    joinedAtMs: BigInt(openedAtMs),
    status,
    meta,
  });
}
