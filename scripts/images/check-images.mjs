import { ensureBaseImage } from './base-image.mjs';
import { buildImages, imageOf, imageTargets } from './build-images.mjs';
import { readLayers } from './image-layers.mjs';
import { layerFaults } from './layer-faults.mjs';
import { ensurePodman, podman } from './podman.mjs';
import { probeImage } from './probe-image.mjs';
import { rebuildFaults } from './rebuild-images.mjs';

/**
 * Builds all images from the dist folders, twice, looks into each and starts it, and prints what was found and how long it took; true when
 * nothing is wrong.
 */
export async function checkImages() {
  await ensurePodman();
  const base = await timed('base', () => ensureBaseImage());
  await timed('build', () => buildImages(base));
  const found = [];
  const layers = await timed('read layers', () => readLayers(imageTargets.map(imageOf), base));
  for (const target of imageTargets) {
    const faults = await timed(`probe ${target}`, async () => [
      ...(await layerFaults(target, layers.get(imageOf(target)))),
      ...(await probeImage(target)),
    ]);
    found.push(...faults.map((fault) => `${imageOf(target)} ${fault}`));
  }
  found.push(...(await timed('build again', () => rebuildFaults(base))));
  for (const fault of found) process.stdout.write(`${fault}\n`);
  // Of the builds before; what is cached of this one goes as well, and takes less time than it takes room.
  await podman('image', 'prune', '--force');
  const sizes = await podman(
    'images',
    '--filter',
    'reference=docker.io/arqonbus/*',
    '--format',
    '{{.Repository}} {{.Size}}',
  );
  process.stdout.write(`${sizes}\n`);
  return found.length === 0;
}

async function timed(what, work) {
  const startedAt = performance.now();
  const result = await work();
  process.stdout.write(`${what.padEnd(14)} ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
  return result;
}
