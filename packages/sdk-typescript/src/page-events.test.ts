import { expect, it } from 'vitest';
import { createPageEvents } from './page-events.ts';
import type { PlatformGlobals } from './page-events.ts';

interface FakeBrowser extends PlatformGlobals {
  readonly window: EventTarget;
  readonly page: EventTarget;
  /** Listeners that have not been taken away. */
  readonly listeners: () => number;
  navigator: { onLine: boolean };
  document: NonNullable<PlatformGlobals['document']> & { visibilityState: string };
}

function createFakeBrowser(): FakeBrowser {
  let listeners = 0;
  const counted = (
    target: EventTarget,
  ): Required<Pick<PlatformGlobals, 'addEventListener' | 'removeEventListener'>> => ({
    addEventListener(type, listener) {
      listeners++;
      target.addEventListener(type, listener);
    },
    removeEventListener(type, listener) {
      listeners--;
      target.removeEventListener(type, listener);
    },
  });
  const [window, page] = [new EventTarget(), new EventTarget()];
  const document = { visibilityState: 'visible', ...counted(page) };
  return { ...counted(window), window, page, navigator: { onLine: true }, document, listeners: () => listeners };
}

function record(globals: PlatformGlobals): { readonly heard: string[]; stop(): void } {
  const heard: string[] = [];
  const stop = createPageEvents(globals).listen({
    onOffline: () => heard.push('offline'),
    onOnline: () => heard.push('online'),
    onAwake: () => heard.push('awake'),
  });
  return { heard, stop };
}

it('tells of the network, and of pages that are seen again, restored or thawed', () => {
  const browser = createFakeBrowser();
  const { heard, stop } = record(browser);
  browser.window.dispatchEvent(new Event('offline'));
  browser.window.dispatchEvent(new Event('online'));
  browser.document.visibilityState = 'hidden';
  browser.page.dispatchEvent(new Event('visibilitychange'));
  browser.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
  expect(heard).toEqual(['offline', 'online']);
  browser.document.visibilityState = 'visible';
  browser.page.dispatchEvent(new Event('visibilitychange'));
  browser.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  browser.page.dispatchEvent(new Event('resume'));
  expect(heard).toEqual(['offline', 'online', 'awake', 'awake', 'awake']);
  stop();
  browser.window.dispatchEvent(new Event('offline'));
  browser.page.dispatchEvent(new Event('resume'));
  expect(heard).toHaveLength(5);
  expect(browser.listeners()).toBe(0);
});

it('tells whether the platform says that it is offline', () => {
  const browser = createFakeBrowser();
  const events = createPageEvents(browser);
  expect(events.isOffline()).toBe(false);
  browser.navigator.onLine = false;
  expect(events.isOffline()).toBe(true);
});

it('hears of the network in a worker, which has no document', () => {
  const { window, addEventListener, removeEventListener } = createFakeBrowser();
  const worker = { addEventListener, removeEventListener } as PlatformGlobals;
  const { heard, stop } = record(worker);
  window.dispatchEvent(new Event('offline'));
  stop();
  expect(heard).toEqual(['offline']);
});

it.each([
  ['Node', undefined],
  ['a runtime with nothing at all', {}],
  ['a runtime whose navigator says nothing of the network', { navigator: {}, document: {} }],
])('is silent in %s', (_, globals) => {
  const events = createPageEvents(globals);
  expect(events.isOffline()).toBe(false);
  const stop = events.listen({ onOffline: expect.fail, onOnline: expect.fail, onAwake: expect.fail });
  expect(stop).not.toThrow();
});
