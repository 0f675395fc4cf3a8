import { join } from 'node:path';
import { checkGoTypes } from './check-go-types.mjs';
import { ensureSystem } from '../ensure-system.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

/**
 * True when the Go SDK is vetted, and its tests and all scenarios pass under the race detector, and generated types are
 * vetted. Needs Go and a C compiler.
 */
export async function checkGo() {
  const system = await ensureSystem();
  const { GO_PATH: go } = system;
  if (go === undefined) throw new Error('There is no Go here.');
  const env = { ...system, GOTOOLCHAIN: 'local', CGO_ENABLED: '1', ARQON_GO_RACE: '1' };
  const cwd = join(root, 'packages/sdk-go');
  const codes = [
    (await run(go, ['vet', './...'], { env, cwd })).code,
    (await run(go, ['test', '-race', './...'], { env, cwd })).code,
    await checkGoTypes(go, env),
    (await run('vitest', ['run', '--project', 'e2e', 'e2e/src/conformance.test.ts', '-t', 'Go'], { env })).code,
  ];
  return codes.every((code) => code === 0);
}
