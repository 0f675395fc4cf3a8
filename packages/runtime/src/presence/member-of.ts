import { formatTime } from '@arqonbus/protocol';
import type { CommandResult } from '@arqonbus/protocol';
import type { Member } from '@arqonbus/protocol/spine-messages';

/** A member as clients are told of it. */
export type MemberEntry = CommandResult<'channel_info'>['participants'][number];

const decoder = new TextDecoder();

/** A member as clients, and receivers of webhooks, are told of it. */
export function memberOf(member: Member): MemberEntry {
  return {
    client_id: member.clientId,
    user: member.user,
    client_type: member.clientType as MemberEntry['client_type'],
    screen_name: member.screenName,
    avatar: member.avatar,
    personality: member.personality,
    joined_at: formatTime(Number(member.joinedAtMs)),
    status: member.status,
    // Shields have written it, as the JSON of an object.
    ...(member.meta.length === 0 ? {} : { meta: JSON.parse(decoder.decode(member.meta)) as Record<string, unknown> }),
  };
}
