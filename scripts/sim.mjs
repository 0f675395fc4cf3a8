import { parseArgs } from 'node:util';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { run } from './run.mjs';

// `npm run sim -- [--seeds 1000] [--from 1]`: the seeded simulation, as long as somebody wants.
const { values } = parseArgs({ options: { seeds: { type: 'string' }, from: { type: 'string' } } });
endWithParent();
await ensureInstalled();
const env = {
  ...(values.seeds === undefined ? {} : { SIM_SEEDS: values.seeds }),
  ...(values.from === undefined ? {} : { SIM_FROM: values.from }),
};
const { code } = await run('vitest', ['run', '--project', 'simulation', 'seeds.sim.test.ts'], { env });
process.exitCode = code;
