import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, cliBundle } from '../build.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

const samples = join(root, 'packages/cli/src/schema/generate/testing/schemas');
/** Has members that Go cannot have, which is tested elsewhere. */
const REFUSED = 'hostile.texts.v1.json';

/** What `arqon schema generate go` writes for each sample, vetted: the exit code. */
export async function checkGoTypes(go, env) {
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-go-types-'));
  try {
    writeFileSync(join(folder, 'go.mod'), 'module types\n\ngo 1.24\n');
    for (const file of readdirSync(samples).filter((name) => name !== REFUSED)) {
      const name = file.replaceAll(/\W|json$/g, '');
      mkdirSync(join(folder, name));
      const flags = ['--from', join(samples, file), '--package', name, '--output', join(folder, name, 'types.go')];
      const { code } = await run('node', [cliBundle, 'schema', 'generate', 'go', name, ...flags]);
      if (code !== 0) return code;
    }
    return (await run(go, ['vet', './...'], { env, cwd: folder })).code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
