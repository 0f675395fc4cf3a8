import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { programs } from './start-cluster-servers.ts';

/** The release before this one, as it was built from its own sources. */
export interface PreviousRelease {
  readonly programs: typeof programs;
  /** Without the settings that came after it, which it would refuse. */
  readonly known: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

const SCRIPT = fileURLToPath(new URL('../../../scripts/previous-release.mjs', import.meta.url));

/** Builds it where it is not there yet, which takes a minute; throws where the history of git is not there. */
export function previousRelease(): PreviousRelease {
  const folder = execFileSync(process.execPath, [SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .trim();
  const reference = readFileSync(join(folder, 'docs/configuration.md'), 'utf8');
  const serviceOf = (name: string): string => join(folder, 'services', name, 'dist', `${name}.mjs`);
  return {
    programs: {
      shield: serviceOf('shield'),
      brain: serviceOf('brain'),
      bridge: serviceOf('bridge'),
      arqon: join(folder, 'packages/cli/dist/arqon.mjs'),
    },
    known: (env) => Object.fromEntries(Object.entries(env).filter(([name]) => reference.includes(`\`${name}\``))),
  };
}
