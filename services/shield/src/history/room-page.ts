import { BusError, encodeJsonEnvelope } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import type { ChannelLog, HeldChannel } from '@arqonbus/spine';
import type { Publication } from '../delivery/publication.ts';
import { ChannelMerge } from './channel-merge.ts';
import type { MergeChannel, MergeWindow } from './channel-merge.ts';
import { formatRoomCursor } from './room-cursor.ts';
import type { RoomCursor } from './room-cursor.ts';

/** Which page of a room's history to read. */
export interface RoomPageRequest {
  readonly tenant: TenantId;
  readonly room: string;
  /** Those that the caller may read. */
  readonly channels: readonly HeldChannel[];
  readonly window: MergeWindow;
  /** Of the page before. */
  readonly cursor: RoomCursor | undefined;
  readonly limit: number;
  readonly maxBytes: number;
  /** What the reader sees of a publication (CAS-12). Default: what all see. */
  readonly reveal?: (envelope: Envelope) => Envelope;
}

/** A page of a room's history; without a cursor it is the last. */
export interface RoomPage {
  readonly publications: readonly Publication[];
  readonly cursor?: string;
}

/** Reads a page; rejects with `CONFLICT` when a channel's log is another one than the cursor's (LOG-4). */
export async function readRoomPage(log: ChannelLog, request: RoomPageRequest): Promise<RoomPage> {
  const { window, limit, maxBytes, reveal = asStored } = request;
  const merge = new ChannelMerge(log, mergedChannels(request), window);
  const publications: Publication[] = [];
  let bytes = 0;
  for (let entry = await merge.peek(); entry !== undefined; entry = await merge.peek()) {
    const frame = entry.envelope === undefined ? undefined : encodeJsonEnvelope(reveal(entry.envelope));
    const isOver = bytes > 0 && bytes + (frame?.length ?? 0) > maxBytes;
    if (publications.length >= limit || isOver) {
      return { publications, cursor: formatRoomCursor({ order: window.order, positions: merge.positions() }) };
    }
    merge.take();
    if (frame === undefined) continue;
    bytes += frame.length;
    publications.push({ json: frame });
  }
  return { publications };
}

function asStored(envelope: Envelope): Envelope {
  return envelope;
}

/** Newest first, a channel that the cursor does not know is newer than its first page. */
function mergedChannels({ tenant, room, channels, window, cursor }: RoomPageRequest): readonly MergeChannel[] {
  const known = cursor?.positions;
  const isJoining = window.order === 'oldest' || known === undefined;
  const merged: MergeChannel[] = [];
  for (const { channel, epoch } of channels) {
    const place = known?.get(channel);
    if (place !== undefined && place.epoch !== epoch) {
      throw new BusError('CONFLICT', 'The log is another one since; begin again.', {
        details: { room, channel, epoch },
      });
    }
    if (place !== undefined || isJoining)
      merged.push({ address: { tenant, room, channel }, epoch, position: place?.seq });
  }
  return merged;
}
