import { join } from 'node:path';
import { ensureInstalled } from './ensure-installed.mjs';
import { importSource } from './import-source.mjs';
import { root } from './root.mjs';

// `npm run docs`: the pages of docs/ that are made from the code's own tables. A test compares them.
await ensureInstalled();
const { writePages } = await importSource('packages/cli', 'src/docs/write-pages.ts');
writePages(join(root, 'docs'));
