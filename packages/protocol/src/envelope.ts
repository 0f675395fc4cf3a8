/** What an envelope is; see the envelope table of the protocol. */
export type EnvelopeType = 'event' | 'private' | 'command' | 'telemetry' | 'system' | 'response' | 'error' | 'task';

/** The outcome told by a reply; empty on everything that is no reply. */
export type ReplyStatus = '' | 'success' | 'error';

/**
 * One message, the same model in both wire formats (PRT-11).
 *
 * Absent fields hold the empty value of their type (`''`, `0`, `false`, an empty array), as in proto3: a value equal to
 * the empty one and an absent one are the same message. Fields of bytes marked JSON hold the raw UTF-8 text of one JSON
 * value that has been checked by {@link scanJson}; nobody re-encodes them on the way.
 */
export interface Envelope {
  /** `1.x`. */
  version: string;
  /** A valid MessageId. */
  id: string;
  type: EnvelopeType;
  /** Milliseconds since the Unix epoch; 0 = not set. The server's time of ingress (LOG-12). */
  timestampMs: number;
  room: string;
  channel: string;
  /** Client id of the sender; always the server's word. */
  sender: string;
  /** Client ids, or `user:<user>`. */
  to: readonly string[];
  /** JSON when {@link contentType} is a JSON type; else opaque bytes (base64 on JSON connections). Empty = none. */
  payload: Uint8Array;
  /** Empty = `application/json`. */
  contentType: string;
  /** JSON object; empty = none. */
  metadata: Uint8Array;
  command: string;
  /** JSON object; empty = none. */
  args: Uint8Array;
  ack: boolean;
  requestId: string;
  status: ReplyStatus;
  error: string;
  errorCode: string;
  /** Position in the channel's log; 0 on live channels (LOG-3). At most 2^53 - 1. */
  seq: number;
  prevSeq: number;
  epoch: string;
  schema: string;
  traceparent: string;
  causalParentId: string;
  vectorClock: Readonly<Record<string, number>>;
  intent: string;
  vector: readonly number[];
  capabilities: readonly string[];
  /** JSON object; empty = none. */
  spectral: Uint8Array;
  /** Opaque; at most 256 bytes. */
  signature: Uint8Array;
  headers: Readonly<Record<string, string>>;
  /** Publish only if the channel's last publication has this sequence, 0 = if it holds none (LOG-17); {@link ANY_SEQ} = do not ask. */
  expectedSeq: number;
  /** What some readers see in the place of the payload, sealed (CAS-12). Of the Spine and the log alone: no codec of frames writes it. */
  views: Uint8Array;
}

/** The empty value of `expectedSeq`: 0 says something. */
export const ANY_SEQ = -1;

/** The payload type that is meant when an envelope names none. */
export const DEFAULT_CONTENT_TYPE = 'application/json';

/** Zero bytes, shared: the empty value of every field of bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

const NO_STRINGS: readonly string[] = Object.freeze([]);
const NO_NUMBERS: readonly number[] = Object.freeze([]);
const NO_ENTRIES: Readonly<Record<string, never>> = Object.freeze({});

/** A fresh envelope of this type with every other field empty. The caller owns it. */
export function createEnvelope(type: EnvelopeType): Envelope {
  return {
    version: '1.0',
    id: '',
    type,
    timestampMs: 0,
    room: '',
    channel: '',
    sender: '',
    to: NO_STRINGS,
    payload: NO_BYTES,
    contentType: '',
    metadata: NO_BYTES,
    command: '',
    args: NO_BYTES,
    ack: false,
    requestId: '',
    status: '',
    error: '',
    errorCode: '',
    seq: 0,
    prevSeq: 0,
    epoch: '',
    schema: '',
    traceparent: '',
    causalParentId: '',
    vectorClock: NO_ENTRIES,
    intent: '',
    vector: NO_NUMBERS,
    capabilities: NO_STRINGS,
    spectral: NO_BYTES,
    signature: NO_BYTES,
    headers: NO_ENTRIES,
    expectedSeq: ANY_SEQ,
    views: NO_BYTES,
  };
}

/** True when a payload of this content type is JSON text: `application/json`, any `+json` type, or none named. */
export function isJsonContentType(contentType: string): boolean {
  if (contentType === '' || contentType === DEFAULT_CONTENT_TYPE) return true;
  const end = contentType.indexOf(';');
  const essence = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return essence === DEFAULT_CONTENT_TYPE || essence.endsWith('+json');
}
