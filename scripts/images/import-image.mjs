import { rmSync } from 'node:fs';
import { run } from '../run.mjs';
import { podman } from './podman.mjs';

/** Makes an image of a folder: the same bytes for the same files, whoever unpacked them and when. `changes` are lines of a Dockerfile. */
export async function importImage(folder, names, changes = []) {
  const [name, ...others] = names;
  const archive = `${folder}.tar`;
  const owned = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  try {
    const { code, output } = await run('tar', [...owned, '-cf', archive, '-C', folder, '.'], { output: 'capture' });
    if (code !== 0) throw new Error(`${folder} could not be packed:\n${output}`);
    await podman('import', '--quiet', ...changes.flatMap((line) => ['--change', line]), archive, name);
  } finally {
    rmSync(archive, { force: true });
  }
  for (const other of others) await podman('tag', name, other);
}
