import { BusError, parseTarget } from '@arqonbus/protocol';
import type { Target } from '@arqonbus/protocol';

/** A channel: `room:channel`, or its two parts. The channel `*` is the whole room. */
export type TargetName = string | Target;

/** The channel that is meant. Throws a BusError `VALIDATION_ERROR` when it is none. */
export function toTarget(target: TargetName): Target {
  const parsed = typeof target === 'string' ? parseTarget(target, '') : parseTarget(target.room, target.channel);
  if (parsed !== undefined) return parsed;
  throw new BusError('VALIDATION_ERROR', 'A channel is named "room:channel", in letters, digits, "_", "." and "-".');
}

/** The name under which a channel is kept. */
export function channelKey({ room, channel }: Target): string {
  return `${room}:${channel}`;
}
