import { parseTarget } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { ChannelAddress } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import { ROOM_CHANNEL } from '../subscriptions/subscriptions.ts';
import { invalid } from './arguments.ts';

interface TargetArgs {
  readonly room?: string;
  readonly channel?: string;
}

/**
 * The channel a command means: its arguments, else the envelope's own fields, else the client's default target. Throws
 * `VALIDATION_ERROR` when that names no channel.
 */
export function resolveChannel(session: Session, envelope: Envelope, args: TargetArgs): ChannelAddress {
  const { room, channel } = ownTarget(session, envelope, args);
  if (channel !== '') return { tenant: session.tenant, room, channel };
  if (room === session.defaultRoom && session.defaultChannel !== '') {
    return { tenant: session.tenant, room, channel: session.defaultChannel };
  }
  throw invalid([{ field: 'args.channel', problem: 'is required' }]);
}

/** As {@link resolveChannel}, for commands about one real channel: `*` is refused. */
export function resolveRealChannel(session: Session, envelope: Envelope, args: TargetArgs): ChannelAddress {
  const address = resolveChannel(session, envelope, args);
  if (address.channel === ROOM_CHANNEL) throw invalid([{ field: 'args.channel', problem: 'must name one channel' }]);
  return address;
}

/**
 * As {@link resolveChannel}, for commands that can mean a whole room: one that is named without a channel, or that is the
 * client's default without one. The channel is undefined then.
 */
export function resolveChannelOrRoom(
  session: Session,
  envelope: Envelope,
  args: TargetArgs,
): { readonly room: string; readonly address: ChannelAddress | undefined } {
  const { room, channel } = ownTarget(session, envelope, args);
  const isNamed = args.room !== undefined || envelope.room !== '';
  const isWhole = channel === '' && (isNamed || session.defaultChannel === '');
  return { room, address: isWhole ? undefined : resolveChannel(session, envelope, args) };
}

/** The room a command means. */
export function resolveRoom(session: Session, envelope: Envelope, args: TargetArgs): string {
  return split(resolveRoomText(session, envelope, args), '').room;
}

/** As {@link resolveRoom}, for commands that change a room: one that is named with a channel is refused. */
export function resolveWholeRoom(session: Session, envelope: Envelope, args: TargetArgs): string {
  const room = resolveRoomText(session, envelope, args);
  if (room.includes(':')) throw invalid([{ field: 'args.room', problem: 'must name a room alone' }]);
  return room;
}

/** What arguments and envelope name; the channel is '' where they name none. */
function ownTarget(session: Session, envelope: Envelope, args: TargetArgs): ReturnType<typeof split> {
  // Arguments that name a room of their own leave the envelope's channel behind: mixing two targets would misdeliver.
  const isSameRoom = args.room === undefined || envelope.room === '' || args.room === envelope.room;
  const ownChannel = args.channel ?? (isSameRoom ? envelope.channel : '');
  return split(resolveRoomText(session, envelope, args), ownChannel);
}

function resolveRoomText(session: Session, envelope: Envelope, args: TargetArgs): string {
  const room = args.room ?? (envelope.room === '' ? session.defaultRoom : envelope.room);
  if (room === '') throw invalid([{ field: 'args.room', problem: 'is required' }]);
  return room;
}

function split(room: string, channel: string): { readonly room: string; readonly channel: string } {
  if (!room.includes(':') && channel === '') return { room, channel };
  const target = parseTarget(room, channel);
  if (target === undefined) throw invalid([{ field: 'args.room', problem: 'names another channel than args.channel' }]);
  return target;
}
