import type { WireFormat } from '@arqonbus/pipeline';
import type { Envelope } from '@arqonbus/protocol';
import type { LogEntry } from '@arqonbus/spine';
import { decodeEntry } from './decode-delivery.ts';
import { encodeFrame } from './frames.ts';

/** A stored publication as it is written to those who are brought back. */
export interface EntryFrame {
  /** Read, not to be changed: it is that of all. */
  readonly envelope: Envelope;
  /** The frame of all who see no more than is in the envelope. */
  in(format: WireFormat): Uint8Array;
}

interface Built {
  readonly epoch: string;
  readonly frame: EntryFrame | undefined;
}

/**
 * Frames of stored publications, each built once for all who recover (LOG-10): a thousand clients read the same entries,
 * and building a frame for each of them cost more than writing it. They go with the entries, when their page is dropped.
 */
export class EntryFrames {
  readonly #built = new WeakMap<LogEntry, Built>();

  /** The frame of an entry; undefined for one that is malformed. */
  of(entry: LogEntry, epoch: string): EntryFrame | undefined {
    const known = this.#built.get(entry);
    if (known?.epoch === epoch) return known.frame;
    const envelope = decodeEntry(entry, epoch);
    const frame = envelope === undefined ? undefined : createFrame(envelope);
    this.#built.set(entry, { epoch, frame });
    return frame;
  }
}

function createFrame(envelope: Envelope): EntryFrame {
  const frames: { [F in WireFormat]?: Uint8Array } = {};
  return { envelope, in: (format) => (frames[format] ??= encodeFrame(envelope, format)) };
}
