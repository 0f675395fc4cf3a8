import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const here = dirname(fileURLToPath(import.meta.url));
let bus: Bus;
let folder: string;

beforeAll(async () => {
  bus = await startBus();
  folder = await mkdtemp(join(here, '../.readme-'));
});

afterAll(async () => {
  await bus.stop();
  await rm(folder, { recursive: true });
});

test('[PRD-8] the program in the README chats', async () => {
  const readme = await readFile(join(here, '../../README.md'), 'utf8');
  const source = /<!-- The README test runs this block\. -->\n```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  expect(source).toContain('createClient');
  const outfile = join(folder, 'chat.mjs');
  await build({
    stdin: { contents: source, resolveDir: here, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['ws'],
    outfile,
  });
  const env = { ...process.env, ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token() };
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { env });
  expect(stdout).toMatch(/^n[0-9a-f]+_[0-9a-f]+ Hello, bus!\n$/);
});
