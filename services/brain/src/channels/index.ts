import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { createChannel, deleteChannel } from './channel-changes.ts';
import { channelInfo, listChannels, listRooms } from './channel-lists.ts';
import type { ChannelsParts } from './channels-parts.ts';

/** Serves `channels.create`, `delete`, `list`, `rooms` and `info`. */
export function serveChannels(spine: Spine, parts: ChannelsParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(spine, 'channels.create', (request) => createChannel(parts, request), observer),
    serveBrain(spine, 'channels.delete', (request) => deleteChannel(parts, request), observer),
    serveBrain(spine, 'channels.list', (request) => listChannels(parts, request), observer),
    serveBrain(spine, 'channels.rooms', (request) => listRooms(parts, request), observer),
    serveBrain(spine, 'channels.info', (request) => channelInfo(parts, request), observer),
  ];
}
