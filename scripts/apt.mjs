import { isExecutable, onPath } from './find-program.mjs';
import { run } from './run.mjs';

/** Whether packages can be installed here. */
export function canUseApt() {
  return process.getuid?.() === 0 && onPath('apt-get').some(isExecutable);
}

/** Installs packages of Debian; throws with apt's output. */
export async function aptInstall(packages) {
  process.stderr.write(`Installing with apt: ${packages.join(', ')}...\n`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { code, output } = await run('apt-get', args, { output: 'capture', env });
    if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${output}`);
  }
}
