import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCodes, errorTable } from '@arqonbus/protocol';
import { expect, test } from 'vitest';
import { runPython } from './harness/python.ts';
import { startBus } from './harness/start-bus.ts';

const TIMEOUT_MS = 60_000;

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

test('[PRD-8] the bot of its README runs with the package as it is installed', { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-python-'));
  const bus = await startBus();
  try {
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--target', folder, '.'];
    await runPython([...install, '--disable-pip-version-check', '--no-cache-dir']);
    const readme = readFileSync(new URL('../../packages/sdk-python/README.md', import.meta.url), 'utf8');
    const [, bot = ''] = /```python\n([\s\S]+?)```/.exec(readme) ?? [];
    writeFileSync(join(folder, 'bot.py'), bot);
    const env = { PYTHONPATH: folder, ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token() };
    expect(await runPython([join(folder, 'bot.py')], env)).toBe('True Ask me anything\n');
  } finally {
    await bus.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
