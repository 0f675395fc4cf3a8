import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCodes, errorTable } from '@arqonbus/protocol';
import { expect, test } from 'vitest';
import { pythonWheels, runProgram, runPython } from './harness/python.ts';
import { startBus } from './harness/start-bus.ts';

/** Longer than pip and mypy take on a busy machine. */
const TIMEOUT_MS = 180_000;

test('[PRT-14] the Python SDK knows which errors and closes can be tried again', async () => {
  const program =
    'import json; from arqonbus.errors import RETRYABLE; from arqonbus.reconnect import AFTER_CLOSE; ' +
    'print(json.dumps([sorted(RETRYABLE), AFTER_CLOSE]))';
  const [retryable, afterClose] = JSON.parse(await runPython(['-c', program])) as [string[], Record<string, string>];
  const codes = Object.entries(errorTable).filter(([, { isRetryable }]) => isRetryable);
  expect(retryable).toEqual(codes.map(([code]) => code).toSorted());
  const ends = Object.entries(closeCodes).filter(([, { after }]) => after !== 'reconnect');
  expect(afterClose).toEqual(Object.fromEntries(ends.map(([code, { after }]) => [code, after])));
});

test('[PRD-8] the types of the Python SDK hold', { timeout: TIMEOUT_MS }, async () => {
  expect(await runPython(['-m', 'mypy', '--cache-dir', '/dev/null'])).toContain('Success');
});

test(
  '[PRD-8] its wheel goes into an empty environment, and the bot of its README runs',
  { timeout: TIMEOUT_MS },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arqon-python-'));
    const bus = await startBus();
    try {
      const python = join(folder, 'venv/bin/python');
      const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check'];
      await runPython([...pip, 'wheel', '--no-deps', '--no-build-isolation', '--wheel-dir', folder, '.']);
      await runPython(['-m', 'venv', '--without-pip', join(folder, 'venv')]);
      await runPython([
        ...pip,
        '--python',
        python,
        'install',
        ...(await pythonWheels()),
        '--find-links',
        folder,
        'arqonbus',
      ]);
      const readme = readFileSync(new URL('../../packages/sdk-python/README.md', import.meta.url), 'utf8');
      const [, bot = ''] = /```python\n([\s\S]+?)```/.exec(readme) ?? [];
      writeFileSync(join(folder, 'bot.py'), bot);
      const env = { PYTHONPATH: '', ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token() };
      expect(await runProgram(python, [join(folder, 'bot.py')], env)).toBe('True Ask me anything\n');
    } finally {
      await bus.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
