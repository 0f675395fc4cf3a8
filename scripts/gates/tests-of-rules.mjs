import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { listFiles } from '../hash-files.mjs';
import { rulesNamedIn } from '../rule-trace.mjs';

const TEST_FOLDERS = ['packages', 'services', 'e2e', 'bench'];

/** Which test files below `base` name which rule: rule id → paths, one for each mention. */
export function testsOfRules(base) {
  return mentions(base, /\.(test|contract)\.ts$/, rulesNamedIn);
}

/** Which test files name which row of the catalogue of faults and attacks (`R-36`, `A-12`) in a title: row → paths. Full drills count. */
export function testsOfRows(base) {
  return mentions(base, /\.(test|contract|chaos)\.ts$/, rowsNamedIn);
}

function mentions(base, pattern, namedIn) {
  /** @type {Map<string, string[]>} */
  const tests = new Map();
  for (const folder of TEST_FOLDERS.filter((name) => existsSync(join(base, name)))) {
    for (const path of listFiles(join(base, folder), (file) => pattern.test(file))) {
      const name = relative(base, path).split(sep).join('/');
      for (const id of namedIn(readFileSync(path, 'utf8'))) tests.set(id, [...(tests.get(id) ?? []), name]);
    }
  }
  return tests;
}

/** A row counts where a title names it: what is in a comment proves nothing. */
function rowsNamedIn(text) {
  const titles = text.split('\n').filter((line) => /['`].*['`]/.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line));
  return titles.flatMap((title) => title.match(/\b[RPCATNLOK]-\d{2}\b/g) ?? []);
}
