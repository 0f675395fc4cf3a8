import { ensureInstalled } from './ensure-installed.mjs';
import { importSource } from './import-source.mjs';
import { root } from './root.mjs';

// `npm run docs`: the pages of docs/ and files of the Helm chart that are made from the code's own tables. Tests compare them.
await ensureInstalled();
const { writePages } = await importSource('packages/cli', 'src/docs/write-pages.ts');
writePages(root);
