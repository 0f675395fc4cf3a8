import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { ensureNewestNats } from './ensure-newest-nats.mjs';
import { ensurePrograms } from './ensure-system.mjs';
import { run } from './run.mjs';

// `npm run chaos`: faults at their full length; minutes, not seconds.
endWithParent();
await ensureInstalled();
Object.assign(
  process.env,
  await ensurePrograms(['nats-server', 'Postgres', 'Valkey or Redis 7', 'HAProxy']),
  await ensureNewestNats(),
);
const { code } = await run('vitest', ['run', '--config', 'vitest.chaos.config.ts', ...process.argv.slice(2)], {});
process.exitCode = code;
