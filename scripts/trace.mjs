import { readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { listFiles } from './hash-files.mjs';
import { isMain, root } from './root.mjs';
import { findRuleProblems, parseRules, rulesNamedIn } from './rule-trace.mjs';

const TEST_FOLDERS = ['packages', 'services', 'e2e', 'bench'];

/** Which test files name which rule. */
function collectTests(base) {
  const tests = new Map();
  for (const path of listFiles(base, (file) => /\.(test|contract)\.ts$/.test(file))) {
    const name = relative(base, path).split(sep).join('/');
    if (!TEST_FOLDERS.includes(name.split('/')[0])) continue;
    for (const id of rulesNamedIn(readFileSync(path, 'utf8'))) tests.set(id, [...(tests.get(id) ?? []), name]);
  }
  return tests;
}

function listing(rules, tests) {
  return rules.map((rule) => {
    const files = [...new Set(tests.get(rule.id) ?? [])];
    const state = files.length > 0 ? `${files.length} file(s): ${files.join(', ')}` : rule.state || 'NO TEST';
    return `${rule.id.padEnd(7)} ${rule.state.startsWith('later') && files.length > 0 ? `(${rule.state}) ` : ''}${state}`;
  });
}

function tally(rules, tests) {
  const tested = rules.filter((rule) => tests.has(rule.id)).length;
  const later = rules.filter((rule) => !tests.has(rule.id) && rule.state.startsWith('later')).length;
  const held = rules.filter((rule) => !tests.has(rule.id) && rule.state.startsWith('held by')).length;
  return `${rules.length} rules: ${tested} tested, ${held} held by a file, ${later} later.`;
}

// `npm run trace [-- --problems-only] [--root <folder>]`: each rule with the tests that prove it (QLT-1).
if (isMain(import.meta.url)) {
  const at = process.argv.indexOf('--root');
  const base = at === -1 ? root : resolve(process.argv[at + 1] ?? '.');
  const rules = parseRules(readFileSync(join(base, 'docs/rules.md'), 'utf8'));
  const tests = collectTests(base);
  const problems = findRuleProblems(rules, tests, base);
  if (!process.argv.includes('--problems-only')) process.stdout.write(`${listing(rules, tests).join('\n')}\n`);
  process.stdout.write(`${tally(rules, tests)}\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
