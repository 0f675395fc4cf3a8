import { ensureBaseImage } from './base-image.mjs';
import { buildImages, imageOf, imageTargets } from './build-images.mjs';
import { ensurePodman, podman } from './podman.mjs';
import { probeImage } from './probe-image.mjs';

/** Builds all images from the dist folders, starts each, and prints what was found and how long it took; true when nothing is wrong. */
export async function checkImages() {
  await ensurePodman();
  const base = await timed('base', () => ensureBaseImage());
  await timed('build', () => buildImages(base));
  let isGood = true;
  for (const target of imageTargets) {
    const faults = await timed(`probe ${target}`, () => probeImage(target));
    for (const fault of faults) process.stdout.write(`${imageOf(target)} ${fault}\n`);
    if (faults.length > 0) isGood = false;
  }
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
  return isGood;
}

async function timed(what, work) {
  const startedAt = performance.now();
  const result = await work();
  process.stdout.write(`${what.padEnd(14)} ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
  return result;
}
