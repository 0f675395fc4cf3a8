import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { testsOfRows, testsOfRules } from './gates/tests-of-rules.mjs';
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

/**
 * Rows of the catalogue that tests name, a line for each section.
 * @param {Map<string, string[]>} tests
 */
function rowsListing(tests) {
  const rows = [...tests.keys()].toSorted();
  const sections = [...new Set(rows.map(([section]) => section))];
  const line = (section) => {
    const numbers = rows.filter((row) => row.startsWith(section)).map((row) => row.slice(2));
    return `${section}: ${numbers.join(' ')}`;
  };
  return [`${rows.length} rows of the catalogue of faults and attacks are named by tests:`, ...sections.map(line)];
}

// `npm run trace [-- --problems-only] [--root <folder>]`: each rule with the tests that prove it (QLT-1), and rows of the catalogue.
if (isMain(import.meta.url)) {
  const at = process.argv.indexOf('--root');
  const base = at === -1 ? root : resolve(process.argv[at + 1] ?? '.');
  const rules = parseRules(readFileSync(join(base, 'docs/rules.md'), 'utf8'));
  const tests = testsOfRules(base);
  const problems = findRuleProblems(rules, tests, base);
  if (!process.argv.includes('--problems-only')) process.stdout.write(`${listing(rules, tests).join('\n')}\n`);
  if (!process.argv.includes('--problems-only'))
    process.stdout.write(`\n${rowsListing(testsOfRows(base)).join('\n')}\n\n`);
  process.stdout.write(`${tally(rules, tests)}\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
