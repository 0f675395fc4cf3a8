import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { ensureSystem } from './ensure-system.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';
import { summarize } from './test-summary.mjs';

const reportPath = join(root, '.cache/test-report.json');

// `npm test [-- <vitest filters>]`: everything, once. The last line is `N passed, N failed`.
endWithParent();
let summary;
try {
  await ensureInstalled();
  const env = await ensureSystem();
  await build();
  summary = await runTests(env);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  summary = { line: '0 passed, 1 failed', isGreen: false };
}
process.stdout.write(`${summary.line}\n`);
process.exitCode = summary.isGreen ? 0 : 1;

async function runTests(env) {
  mkdirSync(dirname(reportPath), { recursive: true });
  rmSync(reportPath, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const { code } = await run('vitest', ['run', ...reporters, ...process.argv.slice(2)], { env });
  const report = existsSync(reportPath) ? JSON.parse(readFileSync(reportPath, 'utf8')) : { testResults: [] };
  return summarize(report, code);
}
