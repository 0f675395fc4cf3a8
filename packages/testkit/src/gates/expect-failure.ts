import { expect } from 'vitest';
import type { ToolResult } from '../lint/run-tool.ts';

/** Expects that a run of stages failed in this stage, and said these words about why. */
export function expectFailure({ code, output }: ToolResult, stage: string, ...reasons: readonly string[]): void {
  for (const reason of reasons) expect(output).toContain(reason);
  expect(output).toMatch(new RegExp(`^FAILED +${stage} `, 'm'));
  expect(code).toBe(1);
}
