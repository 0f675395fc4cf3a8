import { BusError, createEnvelope, isMessageId, parseVectorClock } from '@arqonbus/protocol';
import type { Envelope, MessageId, VectorClock } from '@arqonbus/protocol';
import { encodeOptionalJson, encodePayload, parseJsonObject } from './payload.ts';

/** How to publish. */
export interface PublishOptions {
  /** Wait for the server's acknowledgement. Default true; without it only a refusal is told, by the `error` event. */
  readonly ack?: boolean;
  /** Idempotency key: `arq_` and 6 to 80 of `[A-Za-z0-9_-]`. Default: a new one. */
  readonly id?: string;
  /** Default `application/json`, and `application/octet-stream` for a Uint8Array. */
  readonly contentType?: string;
  /** Travels along; keys that the server reserves are dropped by it. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Schema id of the payload. */
  readonly schema?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  /** The id of the message that caused this one (LOG-13). */
  readonly causalParentId?: string;
  /** What this client knows of others' acts; see `mergeClocks` (LOG-13). */
  readonly vectorClock?: VectorClock;
  /**
   * Publish only if the channel's last publication has this sequence, 0 = if its log holds none. Else a BusError
   * `CONFLICT` whose `details.seq` is the one that it has (LOG-17). For events on logged channels.
   */
  readonly expectedSeq?: number;
}

/** What became of a publication. */
export interface PublishResult {
  readonly id: string;
  /** Position in the channel's log; only on logged channels, and only when acknowledged. */
  readonly seq?: number;
  readonly epoch?: string;
  /** True when this id had been stored before, and nothing was stored or delivered now (LOG-5). */
  readonly duplicate?: boolean;
}

/** The envelope for a payload, without its address. Throws a BusError `VALIDATION_ERROR` for what cannot be sent. */
export function envelopeOf(
  type: 'event' | 'private',
  payload: unknown,
  options: PublishOptions,
  nextId: () => MessageId,
): Envelope {
  const id = options.id ?? nextId();
  if (!isMessageId(id)) {
    throw new BusError('VALIDATION_ERROR', 'An id is "arq_" and 6 to 80 of A-Z, a-z, 0-9, "_" and "-".');
  }
  const envelope = createEnvelope(type);
  Object.assign(envelope, encodePayload(payload, options.contentType));
  envelope.id = id;
  envelope.ack = options.ack ?? true;
  envelope.metadata = encodeOptionalJson(options.metadata);
  envelope.schema = options.schema ?? '';
  envelope.traceparent = options.traceparent ?? '';
  envelope.causalParentId = options.causalParentId ?? '';
  if (options.vectorClock !== undefined) envelope.vectorClock = checkedClock(options.vectorClock);
  if (options.expectedSeq !== undefined) {
    if (!Number.isSafeInteger(options.expectedSeq) || options.expectedSeq < 0) {
      throw new BusError('VALIDATION_ERROR', 'expectedSeq is a sequence: an integer from 0 on.');
    }
    envelope.expectedSeq = options.expectedSeq;
  }
  return envelope;
}

function checkedClock(value: VectorClock): VectorClock {
  const clock = parseVectorClock(value);
  if (clock !== undefined) return clock;
  throw new BusError('VALIDATION_ERROR', 'A vector clock has up to 256 names with integers from 0 on.');
}

/** What the acknowledgement of `id` tells. */
export function publishResultOf(id: string, reply: Envelope): PublishResult {
  const { seq, epoch, duplicate } = parseJsonObject(reply.payload);
  return {
    id,
    ...(typeof seq === 'number' ? { seq } : {}),
    ...(typeof epoch === 'string' ? { epoch } : {}),
    ...(duplicate === true ? { duplicate } : {}),
  };
}
