import { ensureInstalled } from './ensure-installed.mjs';
import { run } from './run.mjs';

// `npm run generate`: the wire types of packages/protocol/src/gen from proto/.
await ensureInstalled();
const { code } = await run('buf', ['generate']);
process.exitCode = code;
