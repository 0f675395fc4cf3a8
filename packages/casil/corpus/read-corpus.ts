import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A payload as somebody might send it. */
export interface CorpusEntry {
  /** The detector that must find something in it; undefined = none may find a secret or personal data that is acted upon. */
  readonly detector: string | undefined;
  /** The payload, in JSON. */
  readonly payload: string;
}

/** In the files, keys and numbers are cut by this mark, so that none stands there whole: scanners of repositories would take them for real. */
const MARK = /¦/gu;

/** Reads the corpus from its folder: secrets, personal data, and what only looks like either. */
export function readCorpus(folder: string): readonly CorpusEntry[] {
  return ['secrets.jsonl', 'personal-data.jsonl', 'near-misses.jsonl'].flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { detector, payload } = JSON.parse(line) as { readonly detector?: string; readonly payload: string };
        return { detector, payload: payload.replace(MARK, '') };
      }),
  );
}
