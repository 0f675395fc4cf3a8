import { isName } from '@arqonbus/protocol';
import { isPlainObject, invalid, valid } from './parsed.ts';
import type { Parsed } from './parsed.ts';

/** Rooms that every tenant has from the start, with their channels (CFG-3). */
export type BootstrapRooms = Readonly<Record<string, readonly string[]>>;

/** What a development server starts with. */
export const DEVELOPMENT_ROOMS: BootstrapRooms = {
  science: ['general', 'explore', 'hypothesize', 'design', 'execute', 'interpret', 'share'],
};

/** Reads a map of rooms to lists of channels. */
export function parseRooms(raw: unknown): Parsed<BootstrapRooms> {
  if (!isPlainObject(raw)) return invalid('must be a map from room to a list of channels');
  const rooms: Record<string, readonly string[]> = {};
  for (const [room, channels] of Object.entries(raw)) {
    if (!isName(room)) return invalid(`has a malformed room name ${JSON.stringify(room)}`);
    if (!Array.isArray(channels) || !channels.every(isChannelName))
      return invalid(`needs a list of channel names for room ${room}`);
    rooms[room] = [...new Set<string>(channels)];
  }
  return valid(rooms);
}

function isChannelName(value: unknown): value is string {
  return typeof value === 'string' && isName(value);
}
