import { MAX_TIME_MS, decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { LogEntry } from '@arqonbus/spine';

/**
 * Reads an envelope from the Spine or the log; undefined for one that is malformed, or that could not be written to a
 * client because its time is none (SPN-3). Its bytes are views of `data`.
 */
export function decodeDelivery(data: Uint8Array): Envelope | undefined {
  const envelope = decodeTrustedProtoEnvelope(data);
  const isWritable = envelope !== undefined && envelope.timestampMs >= 0 && envelope.timestampMs <= MAX_TIME_MS;
  return isWritable ? envelope : undefined;
}

/** Reads a stored publication, with its place in the log; undefined as in {@link decodeDelivery}. */
export function decodeEntry(entry: LogEntry, epoch: string): Envelope | undefined {
  const envelope = decodeDelivery(entry.data);
  if (envelope !== undefined) placeInLog(envelope, entry, epoch);
  return envelope;
}

/** Writes a publication's place in its channel's log into the envelope (LOG-3, LOG-4). */
export function placeInLog(
  envelope: Envelope,
  { seq, prevSeq }: Pick<LogEntry, 'seq' | 'prevSeq'>,
  epoch: string,
): void {
  envelope.seq = seq;
  envelope.prevSeq = Math.max(0, prevSeq);
  envelope.epoch = epoch;
}
