import { readFileSync, readdirSync } from 'node:fs';

const folder = new URL('../../../compatibility/', import.meta.url);

/** The releases whose clients are kept in compatibility/, oldest first. Throws where none is. */
export function oldReleases(): readonly string[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (names.length === 0) throw new Error('compatibility/ holds no release');
  return names.map(({ name }) => name).toSorted();
}

/** Where a file of such a release is. */
export function oldFile(release: string, name: string): URL {
  return new URL(`${release}/${name}`, folder);
}

/** A JSON file of such a release. */
export function readOldFile(release: string, name: string): unknown {
  return JSON.parse(readFileSync(oldFile(release, name), 'utf8')) as unknown;
}
