import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build.mjs';
import { ensureInstalled } from '../ensure-installed.mjs';
import { isMain, root } from '../root.mjs';

/** Keeps today's SDK and golden vectors in compatibility/<name>, where the server of every later day must get on with them. Throws where it is there. */
export async function freezeClient(name) {
  const folder = join(root, 'compatibility', name);
  if (existsSync(join(folder, 'sdk.mjs')))
    throw new Error(`${folder} is frozen already: what is kept is never changed.`);
  await build();
  mkdirSync(folder, { recursive: true });
  const bundle = readFileSync(join(root, 'packages/sdk-typescript/dist/index.js'), 'utf8');
  const { transform } = await import('esbuild');
  // Minified: it is kept to be run, not to be read or changed.
  const { code } = await transform(bundle, { minify: true, format: 'esm', target: 'es2022' });
  writeFileSync(join(folder, 'sdk.mjs'), code);
  const vectors = join(root, 'proto/vectors');
  const all = readdirSync(vectors).map((file) => JSON.parse(readFileSync(join(vectors, file), 'utf8')));
  writeFileSync(join(folder, 'vectors.json'), `${JSON.stringify(all, undefined, 1)}\n`);
}

// `node scripts/gates/freeze-client.mjs <year-month>`: with each release of the SDK.
if (isMain(import.meta.url)) {
  const name = process.argv[2] ?? '';
  if (!/^\d{4}-\d\d$/.test(name)) throw new Error('Name it after its month, such as 2026-11.');
  await ensureInstalled();
  await freezeClient(name);
}
