import { splitList } from './json-text.ts';

const PUBLICATIONS = '"publications":';

/** A page of history: the publications as they were written, since no number of theirs may be rounded, and all else. */
export interface HistoryTexts {
  readonly texts: readonly Uint8Array[];
  /** The page as JSON, without publications. */
  readonly rest: string;
}

/** Cuts a page. The publications stand last, behind members that hold no text of anybody's. */
export function cutHistory(json: Uint8Array): HistoryTexts {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  const at = bytes.indexOf(PUBLICATIONS);
  const texts = splitList(bytes.subarray(at + PUBLICATIONS.length, bytes.lastIndexOf('}')));
  return { texts, rest: `${bytes.subarray(0, at).toString()}"publications":[]}` };
}
