import { formatTime } from '@arqonbus/protocol';
import type { CommandResult } from '@arqonbus/protocol';
import type { Member } from '@arqonbus/protocol/spine-messages';
import { jsonObject } from '../delivery/frames.ts';

type MemberResult = CommandResult<'channel_info'>['participants'][number];

/** A member as clients are told of it. */
export function memberOf(member: Member): MemberResult {
  return {
    client_id: member.clientId,
    user: member.user,
    client_type: member.clientType as MemberResult['client_type'],
    screen_name: member.screenName,
    avatar: member.avatar,
    personality: member.personality,
    joined_at: formatTime(Number(member.joinedAtMs)),
    status: member.status,
    ...(member.meta.length === 0 ? {} : { meta: jsonObject(member.meta) }),
  };
}
