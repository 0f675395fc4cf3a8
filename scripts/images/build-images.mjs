import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.mjs';
import { run } from '../run.mjs';
import { podman, ulimits } from './podman.mjs';

/** What the Dockerfile makes: its targets. */
export const imageTargets = ['shield', 'brain', 'bridge', 'arqon'];

/** The name of the image of a target, as docker-compose.yml has it. */
export function imageOf(target) {
  return `docker.io/arqonbus/${target}:dev`;
}

/** The commit that the images are said to be of, and its time in seconds. */
export async function lastCommit() {
  const [revision, seconds] = (await git('log', '-1', '--format=%H %ct')).split(' ');
  return { revision, seconds };
}

/**
 * Builds every target on this base from the dist folders that lie there. All times in the images are that of the last change in
 * git, so the same sources give the same images. Nothing is taken from an earlier build: Podman would take layers with its times, and labels with the
 * arguments that it had. Throws with Podman's output. `context` is the folder with the sources, `nameOf` gives the name of each image.
 */
export async function buildImages(base, { context = root, nameOf = imageOf } = {}) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { revision, seconds } = await lastCommit();
  const args = {
    NODE_IMAGE: base,
    BUILD_IMAGE: base,
    VERSION: version,
    REVISION: revision,
    REVISION_DATE: new Date(Number(seconds) * 1_000).toISOString(),
  };
  const common = [
    '--quiet',
    '--format=docker',
    `--timestamp=${seconds}`,
    '--no-cache',
    ...ulimits.flatMap((limit) => ['--ulimit', limit]),
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  ];
  for (const target of imageTargets) {
    await podman('build', ...common, '--target', target, '--tag', nameOf(target), context);
  }
}

async function git(...args) {
  const { code, output } = await run('git', args, { output: 'capture' });
  if (code !== 0) throw new Error(`git ${args[0]} failed:\n${output}`);
  return output.trim();
}
