import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startServiceProcess } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeBlocks } from './docs/code-blocks.ts';
import { markdownPages } from './docs/markdown-pages.ts';
import { addNodePackages, createStrangerProject } from './harness/stranger-project.ts';
import type { StrangerProject } from './harness/stranger-project.ts';

/** npm, the compiler and a bus one after the other. */
const LONG = { timeout: 45_000 };

let project: StrangerProject;

beforeAll(() => {
  project = createStrangerProject();
});

afterAll(() => project.remove());

test('[PRD-8] the packed SDK brings all its types: a strict project in a browser compiles and checks them', () => {
  expect(readdirSync(join(project.folder, 'node_modules/@arqonbus')).toSorted()).toEqual(['cli', 'sdk']);
  const program = `
    import { createClient } from '@arqonbus/sdk';
    const client = createClient({ url: 'wss://bus.example/v1/socket', token: () => Promise.resolve('a.b.c') });
    const answer = await client.command('history', { room: 'science:general', limit: 10 });
    export const n: number = answer.publications.length;
    // @ts-expect-error: a command that there is not
    await client.command('histoire', {});
  `;
  // `types: []`: nothing of Node. Without skipLibCheck the declarations themselves are checked.
  expect(project.compile(program, { lib: ['es2022', 'dom'], types: [], noEmit: true, skipLibCheck: false })).toBe('');
});

test('[PRD-8] the archives bring our licence, and those of what is in their bundles', () => {
  const textOf = (path: string): string => readFileSync(join(project.folder, 'node_modules/@arqonbus', path), 'utf8');
  for (const name of ['cli', 'sdk']) expect(textOf(`${name}/LICENSE`)).toContain('Apache License');
  expect(textOf('cli/dist/arqon.cjs.LICENSES.txt')).toMatch(/^ioredis \d[\s\S]*Permission is hereby granted/m);
});

test(
  '[PRD-8] [CLI-1] the quickstart of the packed SDK runs against `arqon dev` of the packed command line',
  LONG,
  async () => {
    addNodePackages(project);
    const readme = markdownPages().filter(({ path }) => path === 'packages/sdk-typescript/README.md');
    const [quickstart] = readme.flatMap(codeBlocks);
    expect(project.compile(quickstart?.text ?? '', { lib: ['es2022'], types: ['node'], skipLibCheck: false })).toBe('');
    const bus = startServiceProcess({
      name: 'packed-arqon',
      program: join(project.folder, 'node_modules/@arqonbus/cli/dist/arqon.mjs'),
      args: ['dev', '--port', '0', '--json'],
      env: {},
    });
    await bus.ready;
    const { ws_url: url = '', token = '' } = bus.addresses();
    const env = { ARQONBUS_WS_URL: url, ARQONBUS_AUTH_JWT: token };
    expect(await project.run(process.execPath, ['main.js'], env)).toContain("{ text: 'Hello' }");
    await bus.stop();
  },
);

test(
  '[CLI-1] `npx arqon` is found where its archive is installed, and works without this repository',
  LONG,
  async () => {
    const version = await project.run('npx', ['--no-install', 'arqon', 'version', '--json']);
    expect(JSON.parse(version)).toMatchObject({ version: '0.1.0' });
    expect(await project.run('node_modules/.bin/arqon', ['--help'])).toContain('arqon [options] [command]');
  },
);
