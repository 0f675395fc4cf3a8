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

/**
 * Builds every target on this base from the dist folders that lie there. All times in the images are that of the last change in
 * git, so the same sources give the same images. Gives the id of each by target; throws with Podman's output.
 */
export async function buildImages(base) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const revision = await git('rev-parse', 'HEAD');
  const changedAt = await git('log', '-1', '--format=%ct');
  const args = { NODE_IMAGE: base, BUILD_IMAGE: base, VERSION: version, REVISION: revision };
  const common = [
    '--quiet',
    '--format=docker',
    `--timestamp=${changedAt}`,
    ...ulimits.flatMap((limit) => ['--ulimit', limit]),
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  ];
  const ids = {};
  for (const target of imageTargets) {
    await podman('build', ...common, '--target', target, '--tag', imageOf(target), root);
    ids[target] = await podman('image', 'inspect', '--format', '{{.Id}}', imageOf(target));
  }
  return ids;
}

async function git(...args) {
  const { code, output } = await run('git', args, { output: 'capture' });
  if (code !== 0) throw new Error(`git ${args[0]} failed:\n${output}`);
  return output.trim();
}
