import { encodeJsonEnvelope } from '@arqonbus/protocol';
import type { LogEntry } from '@arqonbus/spine';
import { decodeDelivery } from './decode-delivery.ts';

const decoder = new TextDecoder();

/** A stored publication as replies carry it: the JSON form of its envelope. */
export type Publication = Readonly<Record<string, unknown>>;

/** Some stored publications, and the sequence of the last entry that was looked at. */
export interface PublicationPage {
  readonly publications: readonly Publication[];
  /** Entries that were left out because the page was full. */
  readonly isCut: boolean;
  /** Where the next page begins; 0 when there was no entry. */
  readonly lastSeq: number;
}

/** Takes entries in the given order until the page holds `maxBytes` (PRT-22); at least one, if there is one. */
export function pageOf(entries: readonly LogEntry[], epoch: string, maxBytes: number): PublicationPage {
  const publications: Publication[] = [];
  let bytes = 0;
  let lastSeq = 0;
  for (const entry of entries) {
    const frame = frameOf(entry, epoch);
    if (bytes > 0 && bytes + (frame?.length ?? 0) > maxBytes) return { publications, isCut: true, lastSeq };
    lastSeq = entry.seq;
    if (frame === undefined) continue;
    bytes += frame.length;
    publications.push(JSON.parse(decoder.decode(frame)) as Publication);
  }
  return { publications, isCut: false, lastSeq };
}

/** Undefined for an entry that is malformed: it is left out (SPN-3). */
function frameOf(entry: LogEntry, epoch: string): Uint8Array | undefined {
  const envelope = decodeDelivery(entry.data);
  if (envelope === undefined) return undefined;
  envelope.seq = entry.seq;
  envelope.prevSeq = entry.prevSeq;
  envelope.epoch = epoch;
  return encodeJsonEnvelope(envelope);
}
