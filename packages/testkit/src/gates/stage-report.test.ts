import { expect, test } from 'vitest';
import { loadScript } from './load-script.ts';

interface StageResult {
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'absent';
  readonly seconds: number;
}

const { reportStages } = await loadScript<{
  reportStages(results: readonly StageResult[]): { readonly text: string; readonly isGood: boolean };
}>('gates/stage-report.mjs');

const ok = { name: 'spec', outcome: 'ok', seconds: 1 } as const;
const failed = { name: 'code', outcome: 'failed', seconds: 12.34 } as const;
const absent = { name: 'deployment', outcome: 'absent', seconds: 0 } as const;

test('a run is good when something passed and nothing failed', () => {
  expect(reportStages([ok]).isGood).toBe(true);
  expect(reportStages([ok, absent]).isGood).toBe(true);
  expect(reportStages([ok, failed]).isGood).toBe(false);
});

test('a run that checked nothing is not good', () => {
  expect(reportStages([absent]).isGood).toBe(false);
  expect(reportStages([]).isGood).toBe(false);
});

test('the table names each stage with its outcome and time, and counts at the end', () => {
  expect(reportStages([ok, failed, absent]).text.split('\n')).toEqual([
    'ok             spec              1.0 s',
    'FAILED         code             12.3 s',
    'not there yet  deployment        0.0 s',
    '1 ok, 1 failed, 1 not there yet',
    '',
  ]);
});
