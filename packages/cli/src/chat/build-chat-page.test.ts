import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { buildChatPage } from './build-chat-page.ts';

let page = '';

beforeAll(async () => {
  page = await buildChatPage();
});

it('is one page with its script inside, and loads nothing', () => {
  const outside = page.replaceAll(/<script>.*<\/script>/gs, '');
  expect(page).toMatch(/^<!doctype html>/);
  expect(outside).not.toMatch(/<(script|img|iframe)|@import|url\(|href="(?!data:)|src=/i);
  expect(page.length).toBeLessThan(200_000);
});

it('allows its own script alone by a content security policy', () => {
  const script = /<script>(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  const digest = createHash('sha256').update(script).digest('base64');
  expect(script.length).toBeGreaterThan(1_000);
  expect(page).toContain(`default-src 'none'; script-src 'sha256-${digest}'`);
  expect(page).toContain('connect-src ws: wss:');
});

it('never writes markup that came from outside', () => {
  expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
});
