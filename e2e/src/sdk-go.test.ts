import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCodes, errorTable } from '@arqonbus/protocol';
import { expect, test } from 'vitest';
import { findGo, goSdk, runGo } from './harness/go.ts';
import { startBus } from './harness/start-bus.ts';

/** Longer than the first build on a busy machine, of the SDK and of what Go itself brings. */
const TIMEOUT_MS = 300_000;
const MODULE = 'github.com/arqonbus/arqonbus/packages/sdk-go';

const go = await findGo();

test('[PRT-14] the Go SDK knows which errors and closes can be tried again, and every code', () => {
  const source = readFileSync(join(goSdk, 'codes.go'), 'utf8');
  const matches = [...source.matchAll(/(Code\w+) +Code = "(\w+)"/g)];
  const codes = new Map(matches.map(([, name = '', code = '']) => [name, code]));
  expect([...codes.values()].toSorted()).toEqual(Object.keys(errorTable).toSorted());
  const [, retryable = ''] = /case (.+):\n\t\treturn true/.exec(source) ?? [];
  const expected = Object.entries(errorTable).filter(([, { isRetryable }]) => isRetryable);
  const named = retryable.split(', ').map((name) => codes.get(name) ?? name);
  expect(named.toSorted()).toEqual(expected.map(([code]) => code).toSorted());
  const ends = Object.entries(closeCodes).filter(([, { after }]) => after !== 'reconnect');
  const told = [...source.matchAll(/^\t(\d{4}): (\w+),$/gm)].map(([, code = '', after = '']) => [code, after]);
  const nameOf = { stop: 'stop', reconnect_with_new_token: 'reconnectWithNewToken', reconnect: 'reconnect' };
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(ends.map(([code, { after }]) => [code, nameOf[after]])));
});

/** None where no Go is and none can be fetched, which is told when the tests start. */
const programs = go === '' ? [] : [go];

test.for(programs)('[PRT-13] the parts of the Go SDK, on the golden vectors too', { timeout: TIMEOUT_MS }, async () => {
  expect(await runGo(go, ['test', '.'], { env: { CGO_ENABLED: '0' } })).toMatch(/^ok /m);
});

test.for(programs)('[PRD-8] the bot of its README runs in an empty project', { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-go-bot-'));
  const bus = await startBus();
  try {
    const readme = readFileSync(join(goSdk, 'README.md'), 'utf8');
    const [, bot = ''] = /```go\n([\s\S]+?)```/.exec(readme) ?? [];
    writeFileSync(join(folder, 'main.go'), bot);
    // What `go mod tidy` would ask the network for.
    copyFileSync(join(goSdk, 'go.sum'), join(folder, 'go.sum'));
    const requires = /require \([\s\S]+?\)/.exec(readFileSync(join(goSdk, 'go.mod'), 'utf8'));
    writeFileSync(join(folder, 'go.mod'), `module bot\n\ngo 1.24.0\n\n${requires?.[0] ?? ''}\n`);
    await runGo(go, ['mod', 'edit', `-require=${MODULE}@v0.0.0`, `-replace=${MODULE}=${goSdk}`], { cwd: folder });
    const address = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token() };
    const env = { ...address, GOFLAGS: '-buildvcs=false -mod=mod', CGO_ENABLED: '0' };
    expect(await runGo(go, ['run', '.'], { cwd: folder, env })).toBe('true Ask me anything\n');
  } finally {
    await bus.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
