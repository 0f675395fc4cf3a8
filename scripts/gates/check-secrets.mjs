import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listFiles } from '../hash-files.mjs';
import { isMain, root } from '../root.mjs';
import { findSecrets } from './find-secrets.mjs';
import { gitBlobs } from './git-blobs.mjs';

const knownPath = 'scripts/gates/known-findings.json';

/** True when neither the files at `base` nor any content in its history holds a secret. Prints where there is one, never what it is. */
export async function checkSecrets(base = root) {
  const known = new Map(
    JSON.parse(readFileSync(join(root, knownPath), 'utf8')).map(({ sha256, why }) => [sha256, why]),
  );
  const isNew = ({ digest }) => !known.has(digest);
  const files = listFiles(base, () => true).map((path) => ({
    place: relative(base, path),
    content: readFileSync(path, 'utf8'),
  }));
  const inTree = (await findAll(files)).filter(isNew);
  const blobs = gitBlobs(base);
  const seen = new Set(inTree.map(({ digest }) => digest));
  const inHistory = (await findAll(blobs)).filter(isNew).filter(({ digest }) => !seen.has(digest));
  for (const finding of inTree) process.stdout.write(`${describe(finding)}\n`);
  for (const finding of inHistory) process.stdout.write(`In the history: ${describe(finding)}\n`);
  process.stdout.write(`${files.length} files and ${blobs.length} contents of the history looked through.\n`);
  return inTree.length + inHistory.length === 0;
}

async function findAll(texts) {
  const found = [];
  for (const { place, content } of texts) found.push(...(await findSecrets(place, content)));
  return found;
}

function describe({ place, kind, digest }) {
  return `${place}: a secret, ${kind}, sha256 ${digest}`;
}

// `node scripts/gates/check-secrets.mjs [folder]`: the repository, or another one.
if (isMain(import.meta.url)) {
  if (!(await checkSecrets(process.argv[2] ?? root))) process.exitCode = 1;
}
