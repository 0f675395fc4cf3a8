import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumOptions } from './harness/chromium.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// The page of `arqon dev`, in a real browser.
let bus: Bus;
let browser: Browser;

beforeAll(async () => {
  bus = await startBus();
  browser = await chromium.launch(chromiumOptions());
});

afterAll(async () => {
  await browser.close();
  await bus.stop();
});

test('[PRT-2] [PRD-3] two tabs chat', async () => {
  const [alice, bob] = await Promise.all([open('alice'), open('bob')]);
  await write(alice, 'Grüße <b>aus</b> Zürich');
  await bob.getByText('Grüße <b>aus</b> Zürich').waitFor();
  await write(bob, 'Hello back');
  await alice.getByText('Hello back').waitFor();
  expect(await bob.locator('b', { hasText: 'aus' }).count()).toBe(0);
  await Promise.all([alice.close(), bob.close()]);
});

test('[BRG-1] what is published by HTTP is seen in the browser', async () => {
  const page = await open('watcher');
  await write(page, 'I am here');
  await page.getByText('I am here').waitFor();
  const response = await fetch(`${bus.bridgeUrl}/v1/publish`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await bus.token({ user: 'backend' })}` },
    body: JSON.stringify({ room: 'science', channel: 'general', payload: { text: 'Order 4711 is on its way' } }),
  });
  expect(response.status).toBe(200);
  await page.getByText('Order 4711 is on its way').waitFor();
  await page.close();
});

test('[PRT-2] an expired token is told in plain words, and does not make a loop of reconnects', async () => {
  const page = await open('late', await bus.token({ ttlMs: -60_000 }));
  await page.locator('#problem', { hasText: /token/i }).waitFor();
  const before = await bus.metric('arqonbus_connections_refused_total{reason="token_expired"}');
  expect(before).toBe(1);
  await page.close();
});

async function open(name: string, token?: string): Promise<Page> {
  const page = await browser.newPage();
  const fragment = new URLSearchParams({
    ws: bus.wsUrl,
    token: token ?? (await bus.token({ user: name })),
    room: 'science:general',
    name,
  });
  await page.goto(`${bus.httpUrl}/chat#${fragment.toString()}`);
  return page;
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox').fill(text);
  await page.keyboard.press('Enter');
}
