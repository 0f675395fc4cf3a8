import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from './run-tool.ts';

interface Summary {
  readonly line: string;
  readonly isGreen: boolean;
}
type Summarize = (report: object, exitCode: number) => Summary;

const script = pathToFileURL(`${repositoryRoot}/scripts/test-summary.mjs`).href;
const { summarize } = (await import(script)) as { readonly summarize: Summarize };

function report(...files: readonly (readonly string[])[]): object {
  const testResults = files.map((states) => ({
    status: states.includes('failed') || states.length === 0 ? 'failed' : 'passed',
    assertionResults: states.map((status) => ({ status })),
  }));
  return { testResults };
}

describe('the last line of npm test', () => {
  it('counts a green run', () => {
    expect(summarize(report(['passed', 'passed'], ['passed']), 0)).toEqual({
      line: '3 passed, 0 failed',
      isGreen: true,
    });
  });

  it('counts failures and names skipped tests', () => {
    const summary = summarize(report(['passed', 'failed'], ['pending', 'skipped']), 1);
    expect(summary).toEqual({ line: '1 passed, 1 failed, 2 skipped', isGreen: false });
  });

  it('counts a file that did not load as a failure', () => {
    expect(summarize(report(['passed'], []), 1)).toEqual({ line: '1 passed, 1 failed', isGreen: false });
  });

  it('is red when the run failed outside every test', () => {
    expect(summarize(report(['passed']), 1)).toEqual({ line: '1 passed, 1 failed', isGreen: false });
  });

  it('is red when no test ran', () => {
    expect(summarize(report(), 0)).toEqual({ line: '0 passed, 1 failed', isGreen: false });
  });
});
