import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { bundleForNode, keepSourceUrls, stopCompiler } from './bundle.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { ensurePrograms } from './ensure-system.mjs';
import { root } from './root.mjs';
import { registryDependencies } from './workspace-packages.mjs';

// `npm run cluster [-- --shields 2 --brains 2 --json]`: Shields, Brains and NATS on this machine, from a fresh clone.
// Progress goes to stderr alone, so that `--json` leaves one line on stdout.
endWithParent();
await ensureInstalled();
Object.assign(process.env, await ensurePrograms(['nats-server']));
if (await build()) process.stderr.write('Built.\n');

const folder = join(root, 'packages/testkit');
const bundle = join(folder, 'dist/run-cluster.mjs');
await bundleForNode('packages/testkit/src/cluster/run-cluster.ts', bundle, {
  external: registryDependencies(folder),
  plugins: [keepSourceUrls],
});
await stopCompiler();
process.setSourceMapsEnabled(true);
const { runCluster } = await import(pathToFileURL(bundle).href);
await runCluster(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`arqon: ${error.message}\n`);
  process.exit(1);
});
