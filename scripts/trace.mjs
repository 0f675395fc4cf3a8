import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { testsOfRules } from './gates/tests-of-rules.mjs';
import { isMain, root } from './root.mjs';
import { findRuleProblems, parseRules } from './rule-trace.mjs';

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
  const tests = testsOfRules(base);
  const problems = findRuleProblems(rules, tests, base);
  if (!process.argv.includes('--problems-only')) process.stdout.write(`${listing(rules, tests).join('\n')}\n`);
  process.stdout.write(`${tally(rules, tests)}\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
