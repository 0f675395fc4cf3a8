import { delimiter, dirname, join } from 'node:path';
import { ensureGo } from './ensure-go.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';

// `npm run generate`: the wire types of packages/protocol/src/gen and, where there is Go, of packages/sdk-go from proto/.
await ensureInstalled();
let { code } = await run('buf', ['generate']);
const { GO_PATH: go } = await ensureGo();
if (code === 0 && go !== undefined) {
  const env = {
    PATH: [dirname(go), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-buildvcs=false',
  };
  ({ code } = await run('buf', ['generate', '--template', 'buf.gen.go.yaml'], { env }));
}
process.exitCode = code;
