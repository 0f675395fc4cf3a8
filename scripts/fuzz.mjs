import { parseArgs } from 'node:util';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { run } from './run.mjs';

// `npm run fuzz -- [--seconds 60] [--seed 1] [--target casil-payloads]`: parsers and inspection under mutated input.
const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, target: { type: 'string' } },
});
endWithParent();
await ensureInstalled();
const env = {
  FUZZ_SECONDS: values.seconds ?? '60',
  // Another one each time, and printed: what is found can be had again.
  FUZZ_SEED: values.seed ?? String(Date.now() % 1_000_000_000),
  ...(values.target === undefined ? {} : { FUZZ_TARGET: values.target }),
};
const { code } = await run('vitest', ['run', '--project', 'fuzz'], { env });
process.exitCode = code;
