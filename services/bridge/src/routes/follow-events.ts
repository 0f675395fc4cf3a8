import { BusError } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import { followChannel } from '../operations/follow-channel.ts';
import type { FollowItem, FollowPosition } from '../operations/follow-item.ts';
import type { StreamRequest } from './route.ts';

const LAST_EVENT_ID = /^([0-9a-z]{1,64}):(\d{1,16})$/i;
const decoder = new TextDecoder();

/**
 * A channel as server-sent events; ids are `<epoch>:<seq>`, where there are positions.
 *
 * @yields whole events, as texts.
 */
export async function* followEvents(
  { params: { room = '', channel = '' }, lastEventId, ...request }: StreamRequest,
  spine: Spine,
): AsyncGenerator<string> {
  const after = lastEventId === '' ? undefined : parseEventId(lastEventId);
  for await (const items of followChannel({ ...request, room, channel, after }, spine)) {
    yield items.length === 0 ? ': following\n\n' : items.map(eventOf).join('');
  }
}

function parseEventId(text: string): FollowPosition {
  const [, epoch = '', seq = ''] = LAST_EVENT_ID.exec(text) ?? [];
  if (epoch === '') throw new BusError('VALIDATION_ERROR', 'Last-Event-ID is not the id of an event.');
  return { epoch, seq: Number(seq) };
}

function eventOf(item: FollowItem): string {
  const id = item.position === undefined ? '' : `id: ${item.position.epoch}:${item.position.seq}\n`;
  if (item.kind === 'gap') return `${id}event: discontinuity\ndata: ${JSON.stringify({ reason: item.reason })}\n\n`;
  return `${id}event: publication\ndata: ${decoder.decode(item.json)}\n\n`;
}
