import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { ensurePrograms } from './ensure-system.mjs';
import { run } from './run.mjs';

// `npm run drill [-- <name>]`: an incident of docs/operations.md on a cluster of its own, with people at work; without a name all.
const [name] = process.argv.slice(2);
endWithParent();
await ensureInstalled();
Object.assign(process.env, await ensurePrograms(['nats-server', 'Postgres', 'Valkey or Redis 7']));
const only = name === undefined ? [] : ['-t', name];
const { code } = await run('vitest', [
  'run',
  '--config',
  'vitest.chaos.config.ts',
  'e2e/src/chaos/incident-drills.chaos.ts',
  ...only,
]);
process.exitCode = code;
