import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode, keepSourceUrls, stopCompiler } from './bundle.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { root } from './root.mjs';
import { registryDependencies } from './workspace-packages.mjs';

// `npm run docs`: the pages of docs/ that are made from the code's own tables. A test compares them.
await ensureInstalled();
const folder = join(root, 'packages/cli');
const bundle = join(folder, 'dist/write-pages.mjs');
await bundleForNode('packages/cli/src/docs/write-pages.ts', bundle, {
  external: registryDependencies(folder),
  plugins: [keepSourceUrls],
});
await stopCompiler();
const { writePages } = await import(pathToFileURL(bundle).href);
writePages(join(root, 'docs'));
