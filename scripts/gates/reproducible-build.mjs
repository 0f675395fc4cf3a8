import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { differingFiles } from '../compare-folders.mjs';
import { listFiles } from '../hash-files.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

// Of different lengths and depths: a build that keeps a path of its machine gives different bytes.
const PLACES = ['one', 'another/and-deeper'];
const PARENTS = ['packages', 'services'];

/**
 * Builds the tree at `base` twice, in fresh folders with an installation of their own, and compares all that came out.
 * True when every file is the same bytes. Names the files that differ; throws with the output of a build that fails.
 */
export async function checkReproducibleBuild(base = root) {
  const work = join(base, '.cache/reproducible');
  rmSync(work, { recursive: true, force: true });
  const trees = PLACES.map((place) => join(work, place));
  for (const tree of trees) await buildCopy(base, tree);
  const [one, other] = trees;
  const outputs = distFolders(one);
  if (outputs.length === 0) throw new Error('The build left nothing in any dist folder.');
  const differing = outputs.flatMap((dist) =>
    differingFiles(join(one, dist), join(other, dist)).map((file) => `${dist}/${file}`),
  );
  for (const file of differing) process.stdout.write(`Not reproducible: ${file}\n`);
  process.stdout.write(`${outputs.length} folders compared, ${differing.length} files differ.\n`);
  // What differs stays to be looked at.
  if (differing.length === 0) rmSync(work, { recursive: true, force: true });
  return differing.length === 0;
}

async function buildCopy(base, tree) {
  for (const path of listFiles(base, () => true)) {
    const target = join(tree, relative(base, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
  const { code, output } = await run('npm', ['run', '--silent', 'build'], { cwd: tree, output: 'capture' });
  if (code !== 0) throw new Error(`The build in a fresh folder failed:\n${output}`);
}

function distFolders(tree) {
  return PARENTS.filter((parent) => existsSync(join(tree, parent)))
    .flatMap((parent) => readdirSync(join(tree, parent)).map((name) => `${parent}/${name}/dist`))
    .filter((dist) => existsSync(join(tree, dist)));
}
