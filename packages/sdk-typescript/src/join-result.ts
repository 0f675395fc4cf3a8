import { decodeJsonEnvelope, DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { encodeJson } from './payload.ts';
import type { Position } from './positions.ts';
import { toPublication } from './publication.ts';
import type { Publication } from './publication.ts';
import type { Joined, JoinOptions } from './subscription.ts';

/**
 * The arguments of `join_channel`; a repeated join asks for what came after `from` in place of history (LOG-9). `roomFrom`
 * is the last position of the messages to the whole room, where they were received before.
 */
export function joinArgs(
  room: string,
  channel: string,
  options: JoinOptions,
  rejoin?: { readonly from: Position | undefined },
  roomFrom?: Position,
): CommandArgs<'join_channel'> {
  return {
    room,
    channel,
    ...(options.echo === undefined ? {} : { echo: options.echo }),
    ...(options.presence === undefined ? {} : { presence: options.presence }),
    ...(options.history === undefined || rejoin !== undefined ? {} : { history: options.history }),
    ...(rejoin?.from === undefined ? {} : { from: rejoin.from }),
    ...(roomFrom === undefined || channel === '*' ? {} : { room_from: roomFrom }),
    ...(options.meta === undefined ? {} : { meta: options.meta }),
  };
}

/** A channel as `resume` takes it: joined again from where it was. */
export function resumedChannelArgs(
  { room, channel, options }: { readonly room: string; readonly channel: string; readonly options: JoinOptions },
  from: Position | undefined,
  roomFrom: Position | undefined,
): CommandArgs<'resume'>['channels'][string] {
  const { echo, presence, meta, room_from: room_position } = joinArgs(room, channel, options, { from }, roomFrom);
  return {
    ...from,
    ...(echo === undefined ? {} : { echo }),
    ...(presence === undefined ? {} : { presence }),
    ...(meta === undefined ? {} : { meta }),
    ...(room_position === undefined ? {} : { room_from: room_position }),
  };
}

/** What the answer to `join_channel` tells. */
export function toJoined(result: CommandResult<'join_channel'>): Joined {
  return {
    position: positionOf(result),
    members: Array.isArray(result.members) ? result.members : [],
    total: typeof result.total === 'number' ? result.total : undefined,
    history: Array.isArray(result.publications) ? parsePublications(result.publications) : [],
  };
}

/** Publications as they stand in the result of `history` and `join_channel`; what is none is left out. */
export function parsePublications(values: readonly unknown[]): Publication[] {
  return values.flatMap((value) => {
    const decoded = decodeJsonEnvelope(encodeJson(value ?? null), DEFAULT_LIMITS);
    const publication = decoded.ok ? toPublication(decoded.envelope) : undefined;
    return publication === undefined ? [] : [publication];
  });
}

/** Where messages to the whole room begin, and whether what was missed of them follows. */
export function toRoomLog({ room_log: told }: CommandResult<'join_channel'>): RoomLog {
  return { position: told === undefined ? undefined : positionOf(told), recovered: told?.recovered };
}

/** See {@link toRoomLog}; both are undefined where the answer says nothing of it. */
export interface RoomLog {
  readonly position: Position | undefined;
  readonly recovered: boolean | undefined;
}

function positionOf({ epoch, seq }: { readonly epoch?: string; readonly seq?: number }): Position | undefined {
  return typeof epoch === 'string' && epoch !== '' ? { epoch, seq: typeof seq === 'number' ? seq : 0 } : undefined;
}
