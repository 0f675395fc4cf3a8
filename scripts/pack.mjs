import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.mjs';
import { noticesOf } from './bundle.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { isMain, root } from './root.mjs';
import { run } from './run.mjs';

const PUBLISHED = ['packages/sdk-typescript', 'packages/cli'];
const KEPT = ['name', 'version', 'description', 'license', 'type', 'sideEffects', 'engines', 'files'];

/**
 * Packs what is for others to install, from the last build, as npm takes it; gives the paths of the archives in `folder`.
 * Their manifests name no dependencies: the bundles hold all of them. Throws with npm's output.
 */
export async function pack(folder = join(root, '.cache/packages')) {
  rmSync(folder, { recursive: true, force: true });
  return Promise.all(PUBLISHED.map((path) => packOne(join(root, path), join(folder, path), folder)));
}

async function packOne(source, stage, target) {
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const files = manifest.files.flatMap((file) => [file, noticesOf(file)]);
  for (const file of manifest.files) {
    if (!existsSync(join(source, file)))
      throw new Error(`${manifest.name}: there is no ${file}. Build first: npm run build`);
    mkdirSync(dirname(join(stage, file)), { recursive: true });
    cpSync(join(source, file), join(stage, file), { recursive: true });
    const notices = noticesOf(file);
    if (existsSync(join(source, notices))) cpSync(join(source, notices), join(stage, notices));
  }
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  writeFileSync(join(stage, 'package.json'), JSON.stringify(publishedManifest(manifest, files), undefined, 2));
  const { code, output } = await run('npm', ['pack', '--silent', '--pack-destination', target], {
    cwd: stage,
    output: 'capture',
  });
  if (code !== 0) throw new Error(`${manifest.name} could not be packed:\n${output}`);
  return join(target, output.trim().split('\n').at(-1));
}

function publishedManifest(manifest, files) {
  const { publishConfig } = manifest;
  return { ...Object.fromEntries(KEPT.map((key) => [key, manifest[key]])), ...publishConfig, files };
}

// `npm run pack [-- <folder>]`: prints the archives.
if (isMain(import.meta.url)) {
  await ensureInstalled();
  await build();
  for (const archive of await pack(process.argv[2])) process.stdout.write(`${archive}\n`);
}
