import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode, keepSourceUrls, stopCompiler } from './bundle.mjs';
import { root } from './root.mjs';
import { registryDependencies } from './workspace-packages.mjs';

/** Bundles a TypeScript file of a package into the dist/ of that package, and loads it into this process. */
export async function importSource(packageFolder, entry) {
  const folder = join(root, packageFolder);
  const bundle = join(folder, 'dist', basename(entry).replace(/ts$/, 'mjs'));
  const external = registryDependencies(folder);
  await bundleForNode(join(packageFolder, entry), bundle, { external, plugins: [keepSourceUrls] });
  await stopCompiler();
  return import(pathToFileURL(bundle).href);
}
