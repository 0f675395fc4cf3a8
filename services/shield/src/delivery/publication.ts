import { encodeJsonEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { LogEntry } from '@arqonbus/spine';
import { decodeEntry } from './decode-delivery.ts';

/**
 * A stored publication as replies carry it: the JSON text of its envelope, spliced into the reply as it is. Parsing and
 * writing it again would change what was published: `1.0` to `1`, and large integers to others.
 */
export type Publication = { readonly json: Uint8Array };

/** Some stored publications, and the sequence of the last entry that was looked at. */
export interface PublicationPage {
  readonly publications: readonly Publication[];
  /** Entries that were left out because the page was full. */
  readonly isCut: boolean;
  /** Where the next page begins; 0 when there was no entry. */
  readonly lastSeq: number;
}

/** How a page is made. */
export interface PageOptions {
  readonly epoch: string;
  readonly maxBytes: number;
  /** What the reader sees of a publication (CAS-12). */
  readonly reveal: (envelope: Envelope) => Envelope;
}

/** Takes entries in the given order until the page holds `maxBytes` (PRT-22); at least one, if there is one. */
export function pageOf(entries: readonly LogEntry[], { epoch, maxBytes, reveal }: PageOptions): PublicationPage {
  const publications: Publication[] = [];
  let bytes = 0;
  let lastSeq = 0;
  for (const entry of entries) {
    const frame = frameOf(entry, epoch, reveal);
    if (bytes > 0 && bytes + (frame?.length ?? 0) > maxBytes) return { publications, isCut: true, lastSeq };
    lastSeq = entry.seq;
    if (frame === undefined) continue;
    bytes += frame.length;
    publications.push({ json: frame });
  }
  return { publications, isCut: false, lastSeq };
}

/** Undefined for an entry that is malformed: it is left out (SPN-3). */
function frameOf(entry: LogEntry, epoch: string, reveal: PageOptions['reveal']): Uint8Array | undefined {
  const envelope = decodeEntry(entry, epoch);
  return envelope === undefined ? undefined : encodeJsonEnvelope(reveal(envelope));
}

/** A result that holds publications. */
export interface PublicationsResult {
  readonly publications: readonly Publication[];
}

/** True for a result that holds publications. */
export function hasPublications(result: object): result is PublicationsResult {
  return 'publications' in result && Array.isArray(result.publications);
}

const encoder = new TextEncoder();

/** The JSON text of a result that holds publications: their texts between brackets, and everything else as usual. */
export function jsonWithPublications({ publications, ...others }: PublicationsResult): Uint8Array {
  const rest = JSON.stringify(others);
  const start = encoder.encode(`${rest.slice(0, -1)}${rest === '{}' ? '' : ','}"publications":[`);
  const parts = publications.flatMap(({ json }, index) => (index === 0 ? [json] : [COMMA, json]));
  return Buffer.concat([start, ...parts, END]);
}

const COMMA = encoder.encode(',');
const END = encoder.encode(']}');
