import { DEFAULT_CONTENT_TYPE, isJsonContentType } from '@arqonbus/protocol';
import type { Envelope, VectorClock } from '@arqonbus/protocol';
import { parseJson, parseJsonObject } from './payload.ts';

/** One message from another client: an event of a channel, or a private message. */
export interface Publication {
  /** Empty on private messages that were not sent in a room. */
  readonly room: string;
  /** `*` on messages to the whole room. */
  readonly channel: string;
  /** Client id of the sender, as the server knows it. */
  readonly sender: string;
  readonly id: string;
  /** The parsed value where the content type is JSON (undefined when there is none), else a Uint8Array. */
  readonly payload: unknown;
  readonly contentType: string;
  /** When the server took it in (LOG-12). */
  readonly timestamp: Date;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Position in the channel's log; only on logged channels (LOG-3). */
  readonly seq?: number;
  /** The publication before it in its channel; only on logged channels. */
  readonly prevSeq?: number;
  /** The log that `seq` counts in; only on logged channels. */
  readonly epoch?: string;
  readonly schema?: string;
  readonly traceparent?: string;
  readonly causalParentId?: string;
  /** What the sender knew of others' acts; compare it by `compareClocks` (LOG-13). */
  readonly vectorClock?: VectorClock;
}

/** What the application sees of `envelope`, or undefined when its payload claims to be JSON and is not. */
export function toPublication(envelope: Envelope): Publication | undefined {
  const isJson = isJsonContentType(envelope.contentType);
  const hasParsedPayload = isJson && envelope.payload.length > 0;
  const parsed = hasParsedPayload ? parseJson(envelope.payload) : undefined;
  if (hasParsedPayload && parsed === undefined) return undefined;
  return {
    room: envelope.room,
    channel: envelope.channel,
    sender: envelope.sender,
    id: envelope.id,
    payload: isJson ? parsed?.value : envelope.payload,
    contentType: envelope.contentType === '' ? DEFAULT_CONTENT_TYPE : envelope.contentType,
    timestamp: new Date(envelope.timestampMs),
    metadata: parseJsonObject(envelope.metadata),
    ...(envelope.epoch === '' ? {} : { seq: envelope.seq, prevSeq: envelope.prevSeq, epoch: envelope.epoch }),
    ...(envelope.schema === '' ? {} : { schema: envelope.schema }),
    ...(envelope.traceparent === '' ? {} : { traceparent: envelope.traceparent }),
    ...(envelope.causalParentId === '' ? {} : { causalParentId: envelope.causalParentId }),
    ...(hasEntries(envelope.vectorClock) ? { vectorClock: envelope.vectorClock } : {}),
  };
}

function hasEntries(clock: VectorClock): boolean {
  for (const _ in clock) return true;
  return false;
}
