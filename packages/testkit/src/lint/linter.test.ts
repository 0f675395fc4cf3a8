import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allowedFixtures, layeringFixtures, styleFixtures, testFixtures } from './rule-fixtures.ts';
import type { RuleFixture } from './rule-fixtures.ts';
import { repositoryRoot, runTool, withTree } from './run-tool.ts';

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

const everyFixture: readonly RuleFixture[] = [
  ...layeringFixtures,
  ...styleFixtures,
  ...testFixtures,
  ...allowedFixtures,
];

/** The repository's own settings for a tree without dependencies. */
function settings(): Readonly<Record<string, string>> {
  const read = (name: string): string => readFileSync(join(repositoryRoot, name), 'utf8');
  const compiler = JSON.parse(read('tsconfig.json')) as { readonly compilerOptions: object };
  const withoutTypes = { ...compiler, compilerOptions: { ...compiler.compilerOptions, types: [] } };
  return { '.oxlintrc.json': read('.oxlintrc.json'), 'tsconfig.json': JSON.stringify(withoutTypes) };
}

/** Lints all fixtures at once in a folder of the repository's shape. */
function lintFixtures(): readonly Diagnostic[] {
  const fixtures = Object.fromEntries(everyFixture.map(({ path, code }) => [path, code]));
  return withTree({ ...settings(), ...fixtures }, (folder) => {
    const { output } = runTool('oxlint', ['--format=json'], folder);
    return (JSON.parse(output) as { readonly diagnostics: readonly Diagnostic[] }).diagnostics;
  });
}

describe('the linter [ARC-1] [ARC-6]', () => {
  let diagnostics: readonly Diagnostic[] = [];
  beforeAll(() => {
    diagnostics = lintFixtures();
  });
  /** The names of the rules that fired on a file; the linter says `plugin(rule)`. */
  const rulesAt = (path: string): readonly string[] =>
    diagnostics.filter((diagnostic) => diagnostic.filename === path).map(({ code }) => code.replace(/^.*\(|\)$/g, ''));

  for (const { title, path, rule } of [...layeringFixtures, ...styleFixtures, ...testFixtures]) {
    it(`fires: ${title}`, () => {
      expect(rulesAt(path)).toContain(rule);
    });
  }

  for (const { title, path } of allowedFixtures) {
    it(`allows: ${title}`, () => {
      expect(rulesAt(path)).toEqual([]);
    });
  }

  it('sees each fixture in a file of its own', () => {
    expect(new Set(everyFixture.map((fixture) => fixture.path)).size).toBe(everyFixture.length);
  });
});
