import { BusError } from '@arqonbus/protocol';
import type { ListenerFactory } from './listener.ts';
import { loadUws } from './uws/load-uws.ts';
import { createUwsListenerFactory } from './uws/uws-listener.ts';
import { createWsListener } from './ws/ws-listener.ts';

/** The adapter to use and why, for the start-up log. */
export interface ListenerChoice {
  readonly name: 'uws' | 'ws';
  readonly factory: ListenerFactory;
  readonly reason: string;
}

/**
 * Chooses the adapter (ARC-8): `auto` takes `uws` where its native module loads, else `ws`. Throws where `uws` is
 * wanted and does not load.
 */
export function chooseListener(wanted: 'auto' | 'uws' | 'ws', load: typeof loadUws = loadUws): ListenerChoice {
  if (wanted === 'ws') {
    return { name: 'ws', factory: createWsListener, reason: 'chosen by configuration' };
  }
  const loading = load();
  if (loading.ok) {
    const reason = wanted === 'uws' ? 'chosen by configuration' : 'its native module loads here';
    return { name: 'uws', factory: createUwsListenerFactory(loading.uws), reason };
  }
  if (wanted === 'uws') {
    throw new BusError('UNAVAILABLE', `the uws listener is configured, but ${loading.reason}`);
  }
  return { name: 'ws', factory: createWsListener, reason: `uws is not available: ${loading.reason}` };
}
