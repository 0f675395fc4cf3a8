import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A payload as somebody might send it. */
export interface CorpusEntry {
  /** The detector that must find something in it; undefined = none may find a secret or personal data that is acted upon. */
  readonly detector: string | undefined;
  /** The payload, in JSON. */
  readonly payload: string;
}

/** In the files, keys and numbers are cut by this mark, so that none stands there whole: scanners of repositories would take them for real. */
const MARK = /¦/gu;

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Reads the corpus: secrets, personal data, and what only looks like either. */
export function readCorpus(): readonly CorpusEntry[] {
  return ['secrets.jsonl', 'personal-data.jsonl', 'near-misses.jsonl'].flatMap((name) =>
    readFileSync(join(FOLDER, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { detector, payload } = JSON.parse(line) as { readonly detector?: string; readonly payload: string };
        return { detector, payload: payload.replace(MARK, '') };
      }),
  );
}
