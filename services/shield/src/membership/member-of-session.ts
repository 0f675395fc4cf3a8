import { MemberSchema, create } from '@arqonbus/protocol/spine-messages';
import type { Member } from '@arqonbus/protocol/spine-messages';
import type { Session } from '../session/session.ts';

/** A session as other clients see it. */
export function memberOfSession({ clientId, user, description, principal, openedAtMs }: Session): Member {
  const { clientType, screenName, avatar, personality } = description;
  return create(MemberSchema, {
    clientId,
    user,
    clientType,
    screenName: screenName === '' ? principal.name : screenName,
    avatar,
    personality,
    joinedAtMs: BigInt(openedAtMs),
  });
}
