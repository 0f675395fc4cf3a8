import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from './root.mjs';

// `.git` is a file in a second work tree of a repository.
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache']);

/** Every file below `folder` for which `isWanted(path)` holds, as sorted paths; build output and dependencies left out. */
export function listFiles(folder, isWanted) {
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...listFiles(path, isWanted));
    else if (entry.isFile() && isWanted(path)) found.push(path);
  }
  return found.toSorted();
}

/** One hash over the names (as seen from `base`) and contents of files, and over `extra` texts. */
export function hashFiles(paths, extra = [], base = root) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(relative(base, path).split(sep).join('/')).update('\0').update(readFileSync(path)).update('\0');
  }
  for (const text of extra) hash.update(text).update('\0');
  return hash.digest('hex');
}
