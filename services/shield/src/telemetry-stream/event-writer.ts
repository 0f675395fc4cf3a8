import { createEnvelope, encodeJsonEnvelope } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import type { Counter } from '@arqonbus/telemetry';
import type { EventName } from '../activity/activity-events.ts';
import { jsonBytes } from '../delivery/frames.ts';
import type { Follower } from './follower.ts';

/** Writes events to followers, of whom each may buffer `outboundBufferBytes`; what does not fit is dropped (TEL-4). */
export interface EventWriter {
  /** Encodes the event once, for all of these who want it. */
  write(followers: Iterable<Follower>, type: EventName, fields: object, atMs: number): void;
  /** Tells a follower how many events it missed, once it has read enough for more to make sense. */
  tellDropped(follower: Follower): void;
}

/** What writing needs from around it. */
export interface EventWriterOptions {
  readonly limits: Limits;
  readonly nextMessageId: () => string;
  readonly now: () => number;
  readonly dropped: Counter;
}

/** A writer of JSON frames. */
export function createEventWriter({ limits, nextMessageId, now, dropped }: EventWriterOptions): EventWriter {
  const maxBytes = limits.outboundBufferBytes;
  const encode = (payload: object, atMs: number): Uint8Array => {
    const envelope = createEnvelope('telemetry');
    envelope.id = nextMessageId();
    envelope.timestampMs = atMs;
    envelope.payload = jsonBytes(payload);
    return encodeJsonEnvelope(envelope);
  };
  const tellDropped = (follower: Follower): void => {
    const { connection, dropped: count } = follower;
    // Half of the bound: else it would hear of every single event that did not fit.
    if (count === 0 || connection === undefined || connection.bufferedAmount() > maxBytes / 2) return;
    follower.dropped = 0;
    connection.send(encode({ eventType: 'system_dropped', count }, now()), false);
  };
  const writeTo = (follower: Follower, frame: Uint8Array): void => {
    tellDropped(follower);
    // Once something is missing, all is until that has been told: the client sees where the gap is.
    if (follower.dropped === 0 && (follower.connection?.bufferedAmount() ?? 0) + frame.length <= maxBytes) {
      follower.connection?.send(frame, false);
      return;
    }
    follower.dropped += 1;
    dropped.inc();
  };
  return {
    write: (followers, type, fields, atMs) => {
      const frame = encode({ eventType: type, ...fields }, atMs);
      for (const follower of followers) if (follower.events?.has(type) ?? true) writeTo(follower, frame);
    },
    tellDropped,
  };
}
