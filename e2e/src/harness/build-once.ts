import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds what the end-to-end tests start, once before all of them; does nothing when it is built already. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../../scripts/build.mjs', import.meta.url))], {
    stdio: 'inherit',
  });
}
