import type { CommandResult } from '@arqonbus/protocol';
import { listAll } from './listed-kind.ts';
import type { Ask, Kind, Thing } from './step.ts';

type Room = CommandResult<'list_rooms'>['rooms'][number];
type Channel = CommandResult<'list_channels'>['channels'][number];

/** Rooms with their channels. Those that every tenant has stay; what the tenant has made in them goes. */
export function placesOf(ask: Ask): Kind {
  return {
    name: 'rooms',
    list: async () => {
      const things: Thing[] = [];
      for (const { room } of await roomsOf(ask)) things.push(...(await thingsIn(ask, room)));
      return things;
    },
  };
}

/** All rooms that the caller may join. */
export function roomsOf(ask: Ask): Promise<readonly Room[]> {
  return listAll(async (more) => {
    const { rooms, cursor } = await ask('list_rooms', more);
    return { items: rooms, ...(cursor === undefined ? {} : { cursor }) };
  });
}

async function thingsIn(ask: Ask, room: string): Promise<readonly Thing[]> {
  const channels = await channelsOf(ask, room);
  if (channels.every(({ hardcoded }) => !hardcoded)) {
    return [{ id: room, remove: () => ask('op.room.delete', { room }) }];
  }
  const own = channels.filter(({ hardcoded }) => !hardcoded);
  return own.map(({ channel }) => ({
    id: `${room}:${channel}`,
    remove: () => ask('delete_channel', { room, channel }),
  }));
}

function channelsOf(ask: Ask, room: string): Promise<readonly Channel[]> {
  return listAll(async (more) => {
    const { channels, cursor } = await ask('list_channels', { room, ...more });
    return { items: channels, ...(cursor === undefined ? {} : { cursor }) };
  });
}
