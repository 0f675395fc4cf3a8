import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contractLimits } from '../contract/contract-rig.ts';
import { createTestTlsPair } from '../contract/test-tls-pair.ts';
import type { ListenerHandlers } from '../listener.ts';
import { loadUws } from './load-uws.ts';
import { createUwsApps } from './uws-apps.ts';

const loading = loadUws();
const silent: ListenerHandlers<object> = {
  onUpgrade: () => ({ accept: true, protocol: '', data: {} }),
  onOpen: () => undefined,
  onMessage: () => undefined,
  onControl: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe.runIf(loading.ok)('the apps of a uws listener', () => {
  it('[AUT-6] go when their last connection is gone, and only then', () => {
    if (!loading.ok) throw new Error(loading.reason);
    const apps = createUwsApps(loading.uws, silent, contractLimits, createTestTlsPair(1));
    const [first] = apps.list();
    if (first === undefined) throw new Error('there is no app');
    first.shared.sockets = 1;
    for (const serial of [2, 3]) apps.moveTo(apps.create(createTestTlsPair(serial)));
    expect(apps.list()).toHaveLength(3);
    vi.advanceTimersByTime(15_000);
    expect(apps.list()).toEqual([first, apps.current()]);
    first.shared.sockets = 0;
    vi.advanceTimersByTime(15_000);
    expect(apps.list()).toEqual([apps.current()]);
    expect(vi.getTimerCount()).toBe(0);
    apps.close();
  });
});
