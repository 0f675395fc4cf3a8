import { parseTarget } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';

/** The server lost sight of a `live` channel for a while: messages of others may be missing, and nobody can tell which. */
export interface Discontinuity {
  readonly room: string;
  /** `*` when it concerns messages to the whole room. */
  readonly channel: string;
  /** Why, for logs; may be empty. */
  readonly reason: string;
}

/**
 * Reads a `system` frame of the event `discontinuity`; undefined when it names no channel. An odd reason is left out: the
 * gap is what matters.
 */
export function parseDiscontinuity(
  envelope: Envelope,
  payload: Readonly<Record<string, unknown>>,
): Discontinuity | undefined {
  const { room = envelope.room, channel = envelope.channel, reason } = payload;
  if (typeof room !== 'string' || typeof channel !== 'string') return undefined;
  const target = parseTarget(room, channel);
  return target && { ...target, reason: typeof reason === 'string' ? reason : '' };
}
