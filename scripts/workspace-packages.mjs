import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const PARENTS = ['packages', 'services', 'examples'];
const SINGLE = ['.', 'bench', 'e2e'];

/** The folders of the workspace that hold a package.json, the root first. */
export function packageFolders(base = root) {
  const nested = PARENTS.filter((parent) => existsSync(join(base, parent))).flatMap((parent) =>
    readdirSync(join(base, parent)).map((name) => join(parent, name)),
  );
  return [...SINGLE, ...nested]
    .map((folder) => join(base, folder))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

/** The names of the direct dependencies of a package that come from the registry. */
export function registryDependencies(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies };
  return Object.keys(all).filter((name) => !all[name].startsWith('workspace:'));
}
