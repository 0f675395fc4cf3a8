import { MAX_TIME_MS, decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';

/**
 * Reads an envelope from the Spine or the log; undefined for one that is malformed, or that could not be written to a
 * client because its time is none (SPN-3). Its bytes are views of `data`.
 */
export function decodeDelivery(data: Uint8Array): Envelope | undefined {
  const envelope = decodeTrustedProtoEnvelope(data);
  const isWritable = envelope !== undefined && envelope.timestampMs >= 0 && envelope.timestampMs <= MAX_TIME_MS;
  return isWritable ? envelope : undefined;
}
