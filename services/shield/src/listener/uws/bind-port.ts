import { BusError } from '@arqonbus/protocol';
import type { us_listen_socket } from 'uWebSockets.js';
import type { UwsModule } from './load-uws.ts';
import type { NativeApp } from './uws-app.ts';

/**
 * Lets an app accept on a port, at once. Exclusive, as the engine would otherwise share a taken port in silence. Throws
 * `UNAVAILABLE` for a taken one.
 */
export function bindPort(uws: UwsModule, app: NativeApp, host: string, port: number): us_listen_socket {
  const bound: us_listen_socket[] = [];
  app.listen(host, port, exclusivePort(uws), (socket) => {
    if (socket !== false) bound.push(socket);
  });
  const [socket] = bound;
  if (socket === undefined) throw new BusError('UNAVAILABLE', `cannot listen on ${host} port ${port}`);
  return socket;
}

/** The types declare this constant inside an enumeration, the module exports it by itself. */
function exclusivePort(uws: UwsModule): number {
  return (uws as unknown as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;
}
