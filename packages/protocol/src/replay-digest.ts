import { withLengths } from './bytes/with-lengths.ts';
import { DEFAULT_CONTENT_TYPE } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { formatTime } from './times.ts';

const encoder = new TextEncoder();

/**
 * What the hash of a replay is taken over for one publication (LOG-14): id, sender, time, content type and payload, each as
 * the number of its bytes (four, the highest first) and its bytes. Texts are UTF-8, the time is RFC 3339 as on a JSON
 * connection, a content type that is not named is `application/json`, a JSON payload is its text as it was published, any
 * other the bytes themselves. The hash of a replay is SHA-256 over these, one publication after another as they are sent.
 */
export function replayDigestBytes(envelope: Envelope): Uint8Array {
  return withLengths([
    encoder.encode(envelope.id),
    encoder.encode(envelope.sender),
    encoder.encode(formatTime(envelope.timestampMs)),
    encoder.encode(envelope.contentType === '' ? DEFAULT_CONTENT_TYPE : envelope.contentType),
    envelope.payload,
  ]);
}
