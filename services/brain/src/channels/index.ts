import type { ListRoomsRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { afterSettled } from '../partitions/after-settled.ts';
import { createChannel, deleteChannel } from './channel-changes.ts';
import { createRoomRecord, deleteRoom, roomSettings } from './room-changes.ts';
import { channelInfo, listChannels, listRooms } from './channel-lists.ts';
import type { RoomListParts } from './channel-lists.ts';
import type { ChannelsParts } from './channels-parts.ts';

/** Serves `channels.create`, `delete`, `list` and `info` of one partition. */
export function serveChannels(spine: Spine, parts: ChannelsParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { partition } = parts;
  const create = afterSettled(parts, createChannel);
  const remove = afterSettled(parts, deleteChannel);
  const createRoom = afterSettled(parts, createRoomRecord);
  const settings = afterSettled(parts, roomSettings);
  const removeRoom = afterSettled(parts, deleteRoom);
  const list = afterSettled(parts, listChannels);
  const info = afterSettled(parts, channelInfo);
  return [
    serveBrain(spine, 'channels.create', create, observer, partition),
    serveBrain(spine, 'channels.delete', remove, observer, partition),
    serveBrain(spine, 'channels.create_room', createRoom, observer, partition),
    serveBrain(spine, 'channels.room_settings', settings, observer, partition),
    serveBrain(spine, 'channels.delete_room', removeRoom, observer, partition),
    serveBrain(spine, 'channels.list', list, observer, partition),
    serveBrain(spine, 'channels.info', info, observer, partition),
  ];
}

/** Serves `channels.rooms`, which any Brain answers. */
export function serveRooms(parts: RoomListParts, observer: RpcObserver): readonly SpineSubscription[] {
  const list = (request: ListRoomsRequest, deadlineMs: number) => listRooms(parts, request, deadlineMs);
  return [serveBrain(parts.spine, 'channels.rooms', list, observer)];
}
