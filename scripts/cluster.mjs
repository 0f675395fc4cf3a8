import { build } from './build.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { ensurePrograms } from './ensure-system.mjs';
import { importSource } from './import-source.mjs';

// `npm run cluster [-- --shields 2 --brains 2 --json]`: Shields, Brains, NATS and Postgres on this machine, from a fresh clone.
// Progress goes to stderr alone, so that `--json` leaves one line on stdout.
endWithParent();
await ensureInstalled();
Object.assign(process.env, await ensurePrograms(['nats-server', 'Postgres']));
if (await build()) process.stderr.write('Built.\n');

process.setSourceMapsEnabled(true);
const { runCluster } = await importSource('packages/testkit', 'src/cluster/run-cluster.ts');
await runCluster(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`arqon: ${error.message}\n`);
  process.exit(1);
});
