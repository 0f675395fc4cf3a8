import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ensureGo } from './ensure-go.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';

const TYPESCRIPT = 'packages/protocol/src/gen';
const PYTHON = 'packages/sdk-python/src/arqonbus/descriptors';
const GO = 'packages/sdk-go/internal/wire';

/**
 * Makes from proto/ what is generated into the same folders below `target`: wire types of TypeScript, the descriptor that the
 * Python SDK reads, and the wire types of Go where there is one. Gives the folders that were made; throws with what buf said.
 */
export async function generateCode(target = root) {
  await buf(['generate', '--output', target]);
  mkdirSync(join(target, PYTHON), { recursive: true });
  const envelope = ['--path', 'proto/arqon/v1/envelope.proto', '--exclude-source-info'];
  await buf(['build', ...envelope, '--output', join(target, PYTHON, 'envelope.binpb')]);
  const { GO_PATH: go } = await ensureGo();
  if (go === undefined) return [TYPESCRIPT, PYTHON];
  const env = {
    PATH: [dirname(go), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-buildvcs=false',
  };
  await buf(['generate', '--template', 'buf.gen.go.yaml', '--output', target], env);
  return [TYPESCRIPT, PYTHON, GO];
}

async function buf(args, env = {}) {
  const { code, output } = await run('buf', args, { output: 'capture', env });
  if (code !== 0) throw new Error(`buf ${args.join(' ')} failed:\n${output}`);
}
