/**
 * Counts a vitest JSON report. A file that failed without a failed test (it did not load), and a failure outside every
 * test (an unhandled error, a leaked handle), count as one failure each: a red run never says `0 failed`.
 * @returns {{ line: string, isGreen: boolean }}
 */
export function summarize(report, exitCode) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
  const passed = count('passed');
  const skipped = count('skipped', 'pending', 'todo', 'disabled');
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const counted = count('failed') + brokenFiles;
  const failed = counted === 0 && (exitCode !== 0 || passed === 0) ? 1 : counted;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, isGreen: failed === 0 };
}
