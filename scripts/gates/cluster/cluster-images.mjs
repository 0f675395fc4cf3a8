import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBaseImage } from '../../images/base-image.mjs';
import { buildImages, imageOf, imageTargets } from '../../images/build-images.mjs';
import { importImage } from '../../images/import-image.mjs';
import { ensurePodman, podman } from '../../images/podman.mjs';
import { ensureStandInImages } from '../../images/stand-in-image.mjs';
import { root } from '../../root.mjs';
import { pauseImage } from './container-runtime.mjs';
import { nameServiceImage } from './name-service.mjs';

/**
 * Builds the images that the chart names, those of its servers as stand-ins of Debian's packages, and what the cluster itself needs; gives
 * the paths of archives of them, in `folder`. `tag` is what the chart takes for our own.
 */
export async function clusterImages(programs, { folder, tag }) {
  await ensurePodman();
  await buildImages(await ensureBaseImage());
  const ours = imageTargets.map((target) => imageOf(target).replace(/:dev$/, `:${tag}`));
  for (const [index, target] of imageTargets.entries()) await podman('tag', imageOf(target), ours[index]);
  const servers = (await ensureStandInImages()).filter((name) => /nats|valkey|postgres/.test(name));
  await imageOfProgram(programs.pause, pauseImage);
  await imageOfProgram(programs.coredns, nameServiceImage);
  return [
    await save(folder, 'ours.tar', ours),
    await save(folder, 'servers.tar', servers),
    await save(folder, 'cluster.tar', [pauseImage, nameServiceImage]),
  ];
}

/** An image of one program that needs nothing else. */
async function imageOfProgram(program, name) {
  const folder = join(root, '.cache/images/program');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(program, join(folder, 'program'));
  await importImage(folder, [name], ['ENTRYPOINT ["/program"]']);
  rmSync(folder, { recursive: true, force: true });
}

async function save(folder, name, images) {
  const archive = join(folder, name);
  await podman('save', '--quiet', '--multi-image-archive', '--output', archive, ...images);
  return archive;
}
