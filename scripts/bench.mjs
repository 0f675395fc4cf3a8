import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from './build.mjs';
import { bundleForNode, keepSourceUrlsOf, stopCompiler } from './bundle.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { listFiles } from './hash-files.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';
import { registryDependencies } from './workspace-packages.mjs';

const folder = join(root, 'bench');
const dist = join(folder, 'dist');

// `npm run bench [-- <benchmark> --list ...]`. Besides `main.ts`, every `*-process.ts` becomes a bundle of its own beside
// it: servers and load generators run as separate processes (BEN-2).
endWithParent();
await ensureInstalled();
await build();
const external = registryDependencies(folder);
// The testkit reads what is shipped in `deploy`.
const plugins = [keepSourceUrlsOf(/packages\/testkit\/src\/.*\.ts$/)];
for (const entry of entries()) {
  await bundleForNode(entry, join(dist, basename(entry).replace(/\.ts$/, '.mjs')), { external, plugins });
}
await stopCompiler();
const { code } = await run('node', ['--enable-source-maps', join(dist, 'main.mjs'), ...process.argv.slice(2)]);
process.exitCode = code;

function entries() {
  const main = join(folder, 'src/main.ts');
  if (!existsSync(main)) throw new Error(`There is no ${main}.`);
  return [main, ...listFiles(join(folder, 'src'), (path) => path.endsWith('-process.ts'))];
}
