import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, waitUntil } from '@arqonbus/testkit';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { repository } from './docs/markdown-pages.ts';
import { chromiumOptions } from './harness/chromium.ts';
import { findGo, runGo } from './harness/go.ts';
import { runPython } from './harness/python.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What stands under examples/, run as its READMEs say, on one bus.

/** Longer than Go takes to build on a busy machine. */
const TIMEOUT_MS = 120_000;
const examples = join(repository, 'examples');
const ends: (() => Promise<void>)[] = [];
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

afterAll(() => bus.stop());

async function environment(): Promise<Readonly<Record<string, string>>> {
  return { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token() };
}

/** What is printed by an example that runs until the test ends. */
async function start(path: string, env: Readonly<Record<string, string>>): Promise<() => string> {
  const child = spawn(process.execPath, [join(examples, path)], { env: { ...process.env, ...env } });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ends.push(async () => {
    child.kill();
    await closed;
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)));
  await waitUntil(() => printed.includes('http://'), { timeoutMs: 30_000, what: `${path} to listen` });
  return () => printed;
}

test(
  '[PRD-8] agent swarm: every chapter is read, also the one that an agent would not',
  { timeout: TIMEOUT_MS },
  async () => {
    const printed = await runPython([join(examples, 'agent-swarm/swarm.py')], await environment());
    expect(printed).toMatch(/^(Alice|Bob|Carol) reads Loomings$/m);
    expect(printed).toMatch(/^51 words in 4 chapters$/m);
  },
);

const go = await findGo();

test.for(go === '' ? [] : [go])('[PRD-8] IoT sensors: no reading is missed', { timeout: TIMEOUT_MS }, async () => {
  const env = { ...(await environment()), CGO_ENABLED: '0' };
  const printed = await runGo(go, ['run', '.'], { cwd: join(examples, 'iot-sensors'), env });
  expect(printed.trim().split('\n')).toEqual([
    '24 readings of 3 sensors, 2 alarms',
    'boiler: 89.3',
    'intake: 17.3',
    'pump: 46.3',
  ]);
});

test(
  '[PRD-8] webhook receiver: what is signed is handled, what is not is refused',
  { timeout: TIMEOUT_MS },
  async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const env = await environment();
    const registered = runArqon(['webhook', 'register', url, 'lab:hooks', '--json'], env);
    expect(await registered.exited).toBe(0);
    const { secret } = JSON.parse(registered.stdout()) as { readonly secret: string };
    const printed = await start('webhook-receiver/receiver.mjs', { WEBHOOK_SECRET: secret, PORT: String(port) });
    const publisher = await bus.connect();
    await publisher.must('join_channel', { room: 'lab', channel: 'hooks' });
    await publisher.publish('lab:hooks', { text: 'Grüße' });
    await expect.poll(printed, { timeout: 20_000 }).toContain('message in lab:hooks {"text":"Grüße"}\n');
    expect((await fetch(url, { method: 'POST', body: '{"type":"message"}' })).status).toBe(401);
    expect((await fetch(url)).status).toBe(405);
    publisher.end();
  },
);

test('[PRD-8] browser chat: two tabs see each other and each line once', { timeout: TIMEOUT_MS }, async () => {
  const printed = await start('browser-chat/serve.mjs', { ...(await environment()), PORT: '0' });
  const [url = ''] = /http:\S+/.exec(printed()) ?? [];
  const browser = await chromium.launch(chromiumOptions());
  ends.push(() => browser.close());
  const [ada, bob] = await Promise.all(
    ['Ada', 'Bob'].map(async (name) => {
      const page = await browser.newPage();
      await page.goto(`${url}?room=lab:chat&name=${name}`);
      await page.locator('#text:enabled').waitFor();
      return page;
    }),
  );
  if (ada === undefined || bob === undefined) throw new Error('no pages');
  await ada.locator('#count', { hasText: '2' }).waitFor();
  expect(await ada.locator('#people li').allTextContents()).toEqual(['Ada', 'Bob']);
  await ada.getByRole('textbox').fill('Grüße <b>aus</b> Zürich');
  await ada.keyboard.press('Enter');
  await bob.getByText('Grüße <b>aus</b> Zürich').waitFor();
  await ada.getByText('Grüße <b>aus</b> Zürich').waitFor();
  expect(await ada.locator('.line').count()).toBe(1);
});

test('[PRD-8] every example has a page, and is listed', () => {
  const list = readFileSync(join(examples, 'README.md'), 'utf8');
  for (const name of ['browser-chat', 'agent-swarm', 'iot-sensors', 'webhook-receiver']) {
    expect(list).toContain(`(${name})`);
    expect(readFileSync(join(examples, name, 'README.md'), 'utf8')).toContain('npm run dev');
  }
});
