import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../root.mjs';
import { run } from '../run.mjs';
import { packageFaults } from './package-faults.mjs';

/** True when all that the lockfile names may be installed. Prints what speaks against it. */
export async function checkPackages() {
  const read = (name) => readFileSync(join(root, name), 'utf8');
  const faults = packageFaults({
    lockfile: parse(read('pnpm-lock.yaml')),
    policy: JSON.parse(read('scripts/gates/package-policy.json')),
    licences: await installedLicences([]),
    shipped: Object.values(await installedLicences(['--prod'])).flat(),
  });
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  return faults.length === 0;
}

/** The names of the installed packages by licence; with `--prod` without those that only build or check. */
async function installedLicences(flags) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = ['--yes', packageManager, 'licenses', 'list', '--recursive', '--json', ...flags];
  const { code, output } = await run('npx', args, { output: 'capture', env: { npm_config_loglevel: 'silent' } });
  if (code !== 0) throw new Error(`The licences are not known:\n${output}`);
  const found = JSON.parse(output);
  return Object.fromEntries(Object.entries(found).map(([licence, list]) => [licence, list.map(({ name }) => name)]));
}
