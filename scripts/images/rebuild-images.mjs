import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { listFiles } from '../hash-files.mjs';
import { root } from '../root.mjs';
import { buildImages, imageOf, imageTargets } from './build-images.mjs';
import { readLayers } from './image-layers.mjs';
import { podman } from './podman.mjs';

const PARENTS = ['packages', 'services'];
const againOf = (target) => `localhost/arqonbus-again/${target}:dev`;

/**
 * Builds all images once more: of a copy of the tree, with files of another age that nobody but their owner may
 * read. Gives what differs, in words; empty = the same layers, to the last byte, and the same configuration.
 */
export async function rebuildFaults(base) {
  const copy = mkdtempSync(join(tmpdir(), 'arqonbus-context-'));
  try {
    copyTree(copy);
    await buildImages(base, { context: copy, nameOf: againOf });
    const differing = [];
    for (const target of imageTargets) if (!(await isSame(target))) differing.push(target);
    return differing.length === 0 ? [] : await describe(differing, base);
  } finally {
    rmSync(copy, { recursive: true, force: true });
    await podman('image', 'rm', '--force', '--ignore', ...imageTargets.map(againOf));
  }
}

/** What git has, and the dist folders, which the images are made of. */
function copyTree(target) {
  const dists = PARENTS.flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name, 'dist')),
  );
  const built = dists.filter(existsSync).flatMap((dist) => filesIn(dist));
  for (const path of [...listFiles(root, () => true), ...built]) {
    const copied = join(target, relative(root, path));
    mkdirSync(dirname(copied), { recursive: true });
    cpSync(path, copied);
    chmodSync(copied, 0o600);
  }
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

/** By layers and configuration. The rest is history, which has checksums of the files before their modes were set. */
async function isSame(target) {
  const [one, other] = [await inspect(imageOf(target)), await inspect(againOf(target))];
  return ['RootFS', 'Config'].every((member) => JSON.stringify(one[member]) === JSON.stringify(other[member]));
}

async function inspect(image) {
  return JSON.parse(await podman('image', 'inspect', image))[0];
}

async function describe(targets, base) {
  const names = targets.flatMap((target) => [imageOf(target), againOf(target)]);
  const images = await readLayers(names, base);
  const faults = targets.map(async (target) => {
    const [one, other] = [imageOf(target), againOf(target)];
    const paths = differingPaths(linesOf(images.get(one)), linesOf(images.get(other)));
    const settings = [await inspect(one), await inspect(other)].map(({ Config: config }) => JSON.stringify(config));
    return `${target} is another image when it is built again: ${(paths.length > 0 ? paths : settings).join(', ')}`;
  });
  return Promise.all(faults);
}

function linesOf({ entries }) {
  return new Map(
    entries.map(({ path, owner, mode, time, sha256 = '' }) => [path, `${owner} ${mode.toString(8)} ${time} ${sha256}`]),
  );
}

function differingPaths(one, other) {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths]
    .filter((path) => one.get(path) !== other.get(path))
    .map((path) => `${path} (${one.get(path)}, ${other.get(path)})`);
}
