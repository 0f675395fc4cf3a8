import { relative, sep } from 'node:path';
import { hashFiles, listFiles } from './hash-files.mjs';

/** The files, as sorted paths with `/` inside the folders, that one of two folders lacks or that are not the same bytes in both. */
export function differingFiles(one, other) {
  const before = contents(one);
  const after = contents(other);
  /** @type {Set<string>} */
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

function contents(folder) {
  const name = (path) => relative(folder, path).split(sep).join('/');
  return new Map(listFiles(folder, () => true).map((path) => [name(path), hashFiles([path], [], folder)]));
}
