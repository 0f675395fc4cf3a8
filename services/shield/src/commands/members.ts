import { formatTime } from '@arqonbus/protocol';
import type { CommandResult } from '@arqonbus/protocol';
import type { Member } from '@arqonbus/protocol/spine-messages';

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
    ...(member.meta.length === 0 ? {} : { meta: parseMeta(member.meta) }),
  };
}

/** Written by a Shield, from what it had parsed before. */
function parseMeta(meta: Uint8Array): { readonly [name: string]: unknown } {
  return JSON.parse(new TextDecoder().decode(meta)) as { readonly [name: string]: unknown };
}
