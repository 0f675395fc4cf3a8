import type { TlsPair } from '@arqonbus/config';
import type { us_listen_socket } from 'uWebSockets.js';
import type { Listener, ListenerFactory, ListenerHandlers, ListenerLimits } from '../listener.ts';
import { bindPort } from './bind-port.ts';
import type { UwsModule } from './load-uws.ts';
import type { UwsApp } from './uws-app.ts';
import { createUwsApps } from './uws-apps.ts';
import { isCompressed } from './uws-connection.ts';
import type { UwsConnection } from './uws-connection.ts';

/**
 * The `uws` adapter of the {@link Listener} port over the native module. Facts of the engine (20.30) it rests on, each
 * held by the contract suite: `maxBackpressure: 0` means no limit; a publish waits for the end of the turn and `send`
 * and `end` push what waits ahead of themselves; leaving the last topic throws away what waits; `end` and `close` call
 * the close handler before they return. Its own bounds come before ours: 50 headers, 4 KiB of them when they are split
 * over packets, 10 s for a handshake; a connection beyond them is cut. A header name of other
 * signs than letters, digits and `-` it takes for one that has not come wholly yet, and waits those 10 s: no code of ours
 * runs, so no 400 can be given (decision 0004).
 */
export function createUwsListenerFactory(uws: UwsModule): ListenerFactory {
  return <D>(handlers: ListenerHandlers<D>, limits: ListenerLimits, tls?: TlsPair) =>
    createUwsListener(uws, handlers, limits, tls);
}

function createUwsListener<D>(
  uws: UwsModule,
  handlers: ListenerHandlers<D>,
  limits: ListenerLimits,
  tls: TlsPair | undefined,
): Listener<D> {
  const apps = createUwsApps(uws, handlers, limits, tls);
  let place: { readonly host: string; readonly port: number; readonly socket: us_listen_socket } | undefined;
  const stopAccepting = (): void => {
    if (place !== undefined) uws.us_listen_socket_close(place.socket);
    place = undefined;
  };
  const moveTo = (next: UwsApp<D>): void => {
    if (place === undefined) return;
    const { host, port } = place;
    stopAccepting();
    place = { host, port, socket: bindPort(uws, next.native, host, port) };
    apps.moveTo(next);
  };
  return {
    name: 'uws',
    listen: async (host, wanted) => {
      const { native } = apps.current();
      const first = bindPort(uws, native, host, wanted);
      const port = uws.us_socket_local_port(first);
      place = { host, port, socket: first };
      if (wanted === 0 && tls !== undefined) {
        // A port that the system chose is not marked as one that may be bound again beside its connections.
        stopAccepting();
        place = { host, port, socket: bindPort(uws, native, host, port) };
      }
      return port;
    },
    publish: (topic, frame, isBinary, except) => {
      const compress = isCompressed(frame, limits);
      const excepted = except as UwsConnection<D> | undefined;
      for (const { native, shared } of apps.list()) {
        if (excepted?.shared === shared && excepted.socket?.isSubscribed(topic) === true) {
          excepted.socket.publish(topic, frame, isBinary, compress);
        } else {
          native.publish(topic, frame, isBinary, compress);
        }
      }
    },
    renewTls: (renewed) => {
      const next = apps.create(renewed);
      // Closing a port resets who waits there; right after the engine has accepted, that is almost nobody.
      setImmediate(moveTo, next);
    },
    stopAccepting,
    close: async () => {
      stopAccepting();
      apps.close();
      // The `onClose` calls were queued by the close events just now.
      await Promise.resolve();
    },
  };
}
