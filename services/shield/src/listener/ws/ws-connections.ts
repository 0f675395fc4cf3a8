import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ListenerHandlers } from '../listener.ts';
import type { AssemblyWatch } from './assembly-watch.ts';
import { WsConnection } from './ws-connection.ts';
import type { WsShared } from './ws-connection.ts';

/** The upgraded sockets of one listener. */
export interface WsConnections<D> {
  /** Takes over an upgraded socket and tells `onOpen`. */
  open(engine: WebSocket, socket: Socket, data: D, remoteAddress: string): void;
  /** Cuts all; resolves once the last `onClose` was called. */
  cutAll(): Promise<void>;
}

/** No connections. What they do is told to `handlers`. */
export function createWsConnections<D>(
  handlers: ListenerHandlers<D>,
  shared: WsShared<D>,
  watch: AssemblyWatch,
): WsConnections<D> {
  const connections = new Set<WsConnection<D>>();
  let onLastClose: () => void = () => undefined;
  return {
    open: (engine, socket, data, remoteAddress) => {
      const connection = new WsConnection(data, remoteAddress, engine, socket, shared);
      connections.add(connection);
      watch.add(connection);
      attach(connection, socket, handlers, () => {
        connections.delete(connection);
        watch.remove(connection);
        if (connections.size === 0) {
          onLastClose();
        }
      });
      handlers.onOpen(connection);
    },
    cutAll: async () => {
      if (connections.size === 0) {
        return;
      }
      const areClosed = new Promise<void>((resolve) => {
        onLastClose = resolve;
      });
      for (const connection of connections) {
        connection.terminate();
      }
      await areClosed;
    },
  };
}

function attach<D>(
  connection: WsConnection<D>,
  socket: Socket,
  handlers: ListenerHandlers<D>,
  onGone: () => void,
): void {
  const { engine } = connection;
  const onControl = (): void => {
    if (connection.isLive()) {
      handlers.onControl(connection);
    }
  };
  engine.on('message', (bytes, isBinary) => {
    connection.messages += 1;
    if (connection.isLive()) {
      // `binaryType` is left at `nodebuffer`, so this is one Buffer.
      handlers.onMessage(connection, bytes as Buffer, isBinary);
    }
  });
  engine.on('ping', onControl);
  engine.on('pong', onControl);
  // Protocol errors and resets: `close` follows with the code.
  engine.on('error', () => undefined);
  engine.once('close', (code) => {
    connection.leave();
    handlers.onClose(connection, connection.saidCode === 0 ? code : connection.saidCode);
    onGone();
  });
  socket.on('drain', () => {
    if (connection.isLive()) {
      handlers.onDrain(connection);
    }
  });
}
