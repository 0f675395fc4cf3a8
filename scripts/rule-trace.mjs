import { existsSync } from 'node:fs';
import { join } from 'node:path';

const RULE_ROW = /^\| ([A-Z]{3}-\d+) \| (.+?) \| (.*?) ?\|$/;
const NAMED = /\[([A-Z]{3}-\d+(?:, ?[A-Z]{3}-\d+)*)\]/g;
const STATE = /^(?:later \(#\d+\)|held by `([^`]+)`)?$/;

/** The rows of docs/rules.md: `| id | in short | state |`. */
export function parseRules(markdown) {
  return markdown
    .split('\n')
    .map((line) => RULE_ROW.exec(line))
    .filter((match) => match !== null)
    .map(([, id, summary, state]) => ({ id, summary, state: state.trim() }));
}

/** Every rule id that stands in square brackets in a test's text, once per mention. */
export function rulesNamedIn(text) {
  return [...text.matchAll(NAMED)].flatMap((match) => match[1].split(/, ?/));
}

/** What is wrong between the rules and the tests (`tests`: rule id → files that name it), a line each. */
export function findRuleProblems(rules, tests, base) {
  const known = new Set(rules.map((rule) => rule.id));
  const twice = rules.filter((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index);
  return [
    ...(rules.length === 0 ? ['docs/rules.md lists no rule'] : []),
    ...twice.map((rule) => `${rule.id}: listed twice`),
    ...[...tests].filter(([id]) => !known.has(id)).map(([id, files]) => `${id}: unknown, named in ${files.join(', ')}`),
    ...rules.flatMap((rule) => stateProblems(rule, tests.has(rule.id), base)),
  ];
}

function stateProblems({ id, state }, hasTest, base) {
  const parsed = STATE.exec(state);
  if (parsed === null) return [`${id}: state "${state}" is neither empty, "later (#n)" nor "held by \`file\`"`];
  if (parsed[1] !== undefined && !existsSync(join(base, parsed[1]))) return [`${id}: ${parsed[1]} does not exist`];
  return state === '' && !hasTest ? [`${id}: no test names it`] : [];
}
