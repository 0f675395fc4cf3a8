import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { listFiles } from './hash-files.mjs';
import { isMain, root } from './root.mjs';

const FOLDERS = ['packages', 'services', 'e2e', 'bench', 'examples'];
const VAGUE_WORDS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc', 'impl']);
/** Another language, that looks like TypeScript. */
const FOREIGN = 'examples/policies/assembly/';
const MAX_MAIN_LINES = 40;

const EXPORT = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/;
const VAGUE_NAME = /^I[A-Z][a-z]|(?:Impl|Manager|Helpers?|Utils?)$/;
const DECORATOR = /^\s*@[A-Za-z]/;
const OPEN_TASK = /\b(?:TODO|FIXME|XXX|HACK)\b(?! ?\(#\d+\))/;
const SLEEP = /setTimeout\((?:resolve|done|r)\b|await (?:sleep|delay|wait)\(\d|from 'node:timers\/promises'/;

/** What the linter has no rule for: vague names, exports without a doc block, open tasks without an issue, sleeping tests. */
export function findFaults(path, text) {
  const lines = text.split('\n');
  const isTest = /\.(test|contract)\.ts$/.test(path);
  return [
    ...vaguePath(path),
    ...(basename(path) === 'main.ts' && lines.length > MAX_MAIN_LINES + 1
      ? [`main.ts has over ${MAX_MAIN_LINES} lines (ARC-9)`]
      : []),
    ...lines.flatMap((line, index) => lineFaults(line, index, lines, isTest)),
  ];
}

function vaguePath(path) {
  const words = path.split('/').flatMap((part) => part.split(/[-.]/));
  return words.filter((word) => VAGUE_WORDS.has(word)).map((word) => `"${word}" names no notion (08, house style)`);
}

function lineFaults(line, index, lines, isTest) {
  const at = `line ${index + 1}: `;
  const faults = [];
  const exported = EXPORT.exec(line)?.[1];
  if (exported !== undefined) {
    if (VAGUE_NAME.test(exported)) faults.push(`${at}"${exported}" is not a name after the house style`);
    if (!isTest && !isDocumented(exported, index, lines)) faults.push(`${at}"${exported}" has no doc block`);
  }
  if (DECORATOR.test(line)) faults.push(`${at}plain functions and arguments, no decorators (ARC-10)`);
  if (OPEN_TASK.test(line)) faults.push(`${at}an open task names its issue: TODO(#12)`);
  if (isTest && SLEEP.test(line))
    faults.push(`${at}tests do not sleep (QLT-2): wait for a condition or move the clock`);
  return faults;
}

function isDocumented(name, index, lines) {
  const before = lines[index - 1]?.trim() ?? '';
  // The signatures of one overloaded function share the block of the first.
  const isOverload = EXPORT.exec(before)?.[1] === name;
  return before.endsWith('*/') || isOverload;
}

function checkTree(base) {
  const isCode = (path) => path.endsWith('.ts') && !path.includes(`${sep}gen${sep}`);
  const present = FOLDERS.map((folder) => join(base, folder)).filter((folder) => existsSync(folder));
  return present
    .flatMap((folder) => listFiles(folder, isCode))
    .flatMap((path) => {
      const name = relative(base, path).split(sep).join('/');
      if (name.startsWith(FOREIGN)) return [];
      return findFaults(name, readFileSync(path, 'utf8')).map((fault) => `${name}: ${fault}`);
    });
}

// `node scripts/house-style.mjs [folder]`: the repository, or another tree of the same shape.
if (isMain(import.meta.url)) {
  const faults = checkTree(process.argv[2] === undefined ? root : resolve(process.argv[2]));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
