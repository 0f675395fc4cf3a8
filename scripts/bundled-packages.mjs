import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

/**
 * The packages of others in a bundle, by name and version, each once; `folder` is where it is installed. `inputs` are the paths, from the
 * root, of the files that were bundled. Throws where a package says nothing of its licence.
 */
export function bundledPackages(inputs) {
  const folders = new Set(inputs.flatMap((path) => packageFolder(join(root, path)) ?? []));
  return [...folders].map(describe).toSorted(byNameAndVersion);
}

/** The folder of the installed package that a file belongs to; undefined for our own. */
function packageFolder(path) {
  if (!path.includes('/node_modules/')) return undefined;
  let folder = dirname(path);
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

/** Some packages have further manifests inside, which only tell the kind of modules. */
function isPackage(folder) {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined;
}

function describe(folder) {
  const { name, version, license, description } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${name}@${version} does not say what its licence is.`);
  return { name, version, license, description, folder };
}

function byNameAndVersion(one, other) {
  return `${one.name} ${one.version}` < `${other.name} ${other.version}` ? -1 : 1;
}
