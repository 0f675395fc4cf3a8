import { socketServers } from '@arqonbus/testkit';
import type { SocketServer } from '@arqonbus/testkit';
import { afterAll, beforeAll } from 'vitest';
import { isCluster } from './mode.ts';
import { startBus } from './start-bus.ts';
import type { Bus } from './start-bus.ts';

/**
 * The socket servers that a bus runs on; what clients see is the same on both (ARC-8), which one process shows. A cluster
 * runs on the first of them: what stands behind a Shield knows nothing of its sockets.
 */
export const listeners: readonly ListenerName[] = isCluster ? socketServers().slice(0, 1) : socketServers();

/** One of {@link listeners}. */
export type ListenerName = SocketServer;

/** Starts one bus per socket server for the tests of a file, with the same settings; gives the one on this server. */
export function busOnEach(env: Readonly<Record<string, string>> = {}): (listener: ListenerName) => Bus {
  const buses = new Map<ListenerName, Bus>();
  beforeAll(async () => {
    await Promise.all(
      listeners.map(async (name) => buses.set(name, await startBus({ ...env, ARQONBUS_SERVER_LISTENER: name }))),
    );
  });
  afterAll(async () => {
    await Promise.all([...buses.values()].map((bus) => bus.stop()));
  });
  return (listener) => {
    const bus = buses.get(listener);
    if (bus === undefined) throw new Error(`no bus runs on ${listener}`);
    return bus;
  };
}
