import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

/** Writes the generated pages into this folder, over those that are there (`npm run docs`). */
export function writePages(folder: string): void {
  for (const [path, text] of generatedPages()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
