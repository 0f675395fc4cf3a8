import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNode24 } from '../ensure-node24.mjs';
import { hashFiles } from '../hash-files.mjs';
import { root } from '../root.mjs';
import { importImage } from './import-image.mjs';
import { hasImage } from './podman.mjs';
import { unpackPackages } from './root-fs.mjs';

/** What a Node program needs, and no shell: what works on it works on a base that has more. */
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'base-files', 'tzdata'];

/** What makes the base: when any of it changes, another is made. */
const RECIPE = ['ensure-node24.mjs', 'images/base-image.mjs', 'images/import-image.mjs', 'images/root-fs.mjs'];

/** The name of our stand-in for the public base image. */
export const baseImage = `localhost/arqonbus-base:${hashFiles(RECIPE.map((path) => join(root, 'scripts', path))).slice(0, 12)}`;

/** Makes the base of Debian's packages and of Node as the registry of packages has it, once; gives its name. */
export async function ensureBaseImage() {
  if (await hasImage(baseImage)) return baseImage;
  process.stderr.write('Making a base image of packages of Debian and npm (once)...\n');
  const folder = join(root, '.cache/images/base');
  await unpackPackages(PACKAGES, folder);
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  cpSync(join(await ensureNode24(), 'node'), join(folder, 'usr/local/bin/node'));
  await importImage(folder, [baseImage], ['ENV PATH=/usr/local/bin:/usr/bin']);
  rmSync(folder, { recursive: true, force: true });
  return baseImage;
}
