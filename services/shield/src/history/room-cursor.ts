import { isChannel, isPrintable } from '@arqonbus/protocol';

/** Where the next page of a room's history begins: one position for each channel that gave something (LOG-19). */
export interface RoomCursor {
  readonly order: 'oldest' | 'newest';
  readonly positions: ReadonlyMap<string, { readonly epoch: string; readonly seq: number }>;
}

/** Channels that one history of a room merges at most; it bounds cursors as well. */
export const MAX_ROOM_CHANNELS = 64;
const MAX_EPOCH = 64;
const PREFIX = 'r';

/** Writes a cursor: opaque to clients, at most 8,192 characters. */
export function formatRoomCursor({ order, positions }: RoomCursor): string {
  const epochs = [...new Set([...positions.values()].map(({ epoch }) => epoch))];
  const places = [...positions].map(([channel, { epoch, seq }]) => [channel, epochs.indexOf(epoch), seq]);
  return PREFIX + Buffer.from(JSON.stringify([order, epochs, places])).toString('base64url');
}

/** Reads a cursor, whoever wrote it; undefined for what is none. It gives no right: it only says where to read on. */
export function parseRoomCursor(text: string): RoomCursor | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const value = parseJson(Buffer.from(text.slice(PREFIX.length), 'base64url').toString());
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [order, epochs, places] = value as unknown[];
  if (order !== 'oldest' && order !== 'newest') return undefined;
  if (!Array.isArray(epochs) || !epochs.every(isEpoch) || epochs.length > MAX_ROOM_CHANNELS) return undefined;
  if (!Array.isArray(places) || places.length > MAX_ROOM_CHANNELS) return undefined;
  const positions = new Map<string, { epoch: string; seq: number }>();
  for (const place of places as unknown[]) {
    if (!Array.isArray(place) || place.length !== 3) return undefined;
    const [channel, index, seq] = place as unknown[];
    const epoch: unknown = typeof index === 'number' ? epochs[index] : undefined;
    if (typeof channel !== 'string' || !isChannel(channel) || !isEpoch(epoch) || !isSeq(seq)) return undefined;
    positions.set(channel, { epoch, seq });
  }
  return { order, positions };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_EPOCH && isPrintable(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
