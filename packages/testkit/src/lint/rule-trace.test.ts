import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, runTool, withTree } from './run-tool.ts';
import type { ToolResult } from './run-tool.ts';

/** Traces a small repository: the rows of its rule list, and one test file with the given title. */
function trace(rows: readonly string[], title: string): ToolResult {
  const script = join(repositoryRoot, 'scripts/trace.mjs');
  const files = {
    'docs/rules.md': `# Rules\n\n| rule | in short | state |\n|---|---|---|\n${rows.join('\n')}\n`,
    'packages/auth/src/claims.test.ts': `it('${title}', () => {});\n`,
  };
  return withTree(files, (folder) => runTool('node', [script, '--root', folder], folder));
}

// Rule ids are put together here, so that the repository's own trace does not take them for proofs.
const named = (...ids: readonly string[]): string => `[${ids.join(', ')}] refuses a foreign issuer`;
const ruleA = 'AUT-1';
const ruleB = 'AUT-2';

describe('[QLT-1] the traceability check', () => {
  it('passes when every rule is named by a test', () => {
    const { code, output } = trace([`| ${ruleA} | Signed tokens | |`, `| ${ruleB} | Claims | |`], named(ruleA, ruleB));
    expect(output).toContain('2 rules: 2 tested');
    expect(code).toBe(0);
  });

  it('fails on a rule without a test', () => {
    const { code, output } = trace([`| ${ruleA} | Signed tokens | |`, `| ${ruleB} | Claims | |`], named(ruleA));
    expect(output).toContain(`${ruleB}: no test names it`);
    expect(code).toBe(1);
  });

  it('fails on a test that names an unknown rule', () => {
    const { code, output } = trace([`| ${ruleA} | Signed tokens | |`], named(ruleA, 'XYZ-9'));
    expect(output).toContain('XYZ-9: unknown, named in packages/auth/src/claims.test.ts');
    expect(code).toBe(1);
  });

  it('excuses a rule that belongs to a later issue', () => {
    expect(trace([`| ${ruleA} | Signed tokens | |`, `| ${ruleB} | Claims | later (#5) |`], named(ruleA)).code).toBe(0);
  });

  it('fails on an excuse that names no issue, and on a file that is not there', () => {
    expect(trace([`| ${ruleA} | Signed tokens | soon |`], named(ruleA)).code).toBe(1);
    expect(trace([`| ${ruleA} | Signed tokens | held by \`gone.json\` |`], named(ruleA)).code).toBe(1);
  });

  it('fails on an empty rule list', () => {
    expect(trace([], named(ruleA)).code).toBe(1);
  });
});
