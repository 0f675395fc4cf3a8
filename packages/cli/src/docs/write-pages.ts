import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chartFiles } from '../chart/chart-files.ts';
import { generatedPages } from './generated-pages.ts';

/** Writes what is made from the code's own tables into this repository, over what is there (`npm run docs`). */
export function writePages(root: string): void {
  const pages = [...generatedPages()].map(([path, text]) => [`docs/${path}`, text] as const);
  for (const [path, text] of [...pages, ...chartFiles(root)]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
