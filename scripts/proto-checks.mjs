import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differingFiles } from './compare-folders.mjs';
import { generateCode } from './generated-code.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';

/** True when proto/ breaks nothing of the last release (PRT-12): the newest tag `v*`. True when nothing was released yet. */
export async function checkWireCompatibility() {
  // A clone may belong to another user than the one who checks it.
  const list = ['-c', 'safe.directory=*', 'tag', '--list', 'v*', '--sort=-v:refname', '--merged', 'HEAD'];
  const { code, output } = await run('git', list, { output: 'capture' });
  if (code !== 0) throw new Error(`The last release is not known:\n${output}`);
  const release = output.split('\n')[0]?.trim();
  if (release === undefined || release === '') {
    process.stdout.write('No release yet: nothing to be compatible with.\n');
    return true;
  }
  return (await run('buf', ['breaking', '--against', `.git#tag=${release}`])).code === 0;
}

/** True when the committed generated code is what proto/ generates now. Names the files that differ. */
export async function checkGeneratedCode() {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-generated-'));
  try {
    const stale = (await generateCode(folder)).flatMap((path) =>
      differingFiles(join(root, path), join(folder, path)).map((name) => `${path}/${name}`),
    );
    for (const path of stale) process.stdout.write(`Not up to date: ${path} (npm run generate)\n`);
    return stale.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
