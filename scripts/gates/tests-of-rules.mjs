import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { listFiles } from '../hash-files.mjs';
import { rulesNamedIn } from '../rule-trace.mjs';

const TEST_FOLDERS = ['packages', 'services', 'e2e', 'bench'];

/** Which test files below `base` name which rule: rule id → paths, one for each mention. */
export function testsOfRules(base) {
  /** @type {Map<string, string[]>} */
  const tests = new Map();
  for (const folder of TEST_FOLDERS.filter((name) => existsSync(join(base, name)))) {
    for (const path of listFiles(join(base, folder), (file) => /\.(test|contract)\.ts$/.test(file))) {
      const name = relative(base, path).split(sep).join('/');
      for (const id of rulesNamedIn(readFileSync(path, 'utf8'))) tests.set(id, [...(tests.get(id) ?? []), name]);
    }
  }
  return tests;
}
