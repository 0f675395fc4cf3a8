import { BusError } from '@arqonbus/protocol';
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t } from 'uWebSockets.js';
import { addressFromBytes } from '../canonical-address.ts';
import { addHeader, readHandshake } from '../handshake.ts';
import type { RawHandshake } from '../handshake.ts';
import { failedDecision, jsonRefusal, statusLine } from '../http-refusal.ts';
import { upgradePaths } from '../listener.ts';
import type {
  Listener,
  ListenerFactory,
  ListenerHandlers,
  ListenerLimits,
  UpgradeDecision,
  UpgradeRefusal,
} from '../listener.ts';
import type { UwsModule } from './load-uws.ts';
import { isCompressed, UwsConnection } from './uws-connection.ts';
import type { UwsShared, UwsSocket, UwsSocketData } from './uws-connection.ts';

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
  return <D>(handlers: ListenerHandlers<D>, limits: ListenerLimits) => createUwsListener(uws, handlers, limits);
}

/** A member of 20.30 that its types leave out, and the form of `listen` that they lack. */
interface NativeApp extends Omit<TemplatedApp, 'listen'> {
  close(): void;
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): void;
}

function createUwsListener<D>(uws: UwsModule, handlers: ListenerHandlers<D>, limits: ListenerLimits): Listener<D> {
  const shared: UwsShared<D> = { goodbyes: new Map(), limits, writing: undefined };
  const app = uws.App() as unknown as NativeApp;
  let listenSocket: us_listen_socket | undefined;
  for (const path of upgradePaths) {
    app.ws<UwsSocketData<D>>(path, {
      maxPayloadLength: limits.maxFrameBytes,
      maxBackpressure: 0,
      idleTimeout: 0,
      maxLifetime: 0,
      sendPingsAutomatically: false,
      compression: limits.compression ? uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR : uws.DISABLED,
      upgrade: (res, req, context) => upgrade(res, req, context, handlers, shared),
      ...socketEvents(handlers, shared),
    });
  }
  app.any('/*', (res, req) => {
    const reading = readHandshake(readRequest(res, req));
    refuse(res, reading.ok ? badKey : reading.refusal);
  });
  const stopAccepting = (): void => {
    if (listenSocket !== undefined) {
      uws.us_listen_socket_close(listenSocket);
      listenSocket = undefined;
    }
  };
  return {
    name: 'uws',
    listen: async (host, port) => {
      listenSocket = await listen(app, uws, host, port);
      return uws.us_socket_local_port(listenSocket);
    },
    publish: (topic, frame, isBinary, except) => {
      const compress = isCompressed(frame, limits);
      const socket = (except as UwsConnection<D> | undefined)?.socket;
      if (socket?.isSubscribed(topic) === true) {
        socket.publish(topic, frame, isBinary, compress);
      } else {
        app.publish(topic, frame, isBinary, compress);
      }
    },
    stopAccepting,
    close: async () => {
      stopAccepting();
      app.close();
      // The `onClose` calls were queued by the close events just now.
      await Promise.resolve();
    },
  };
}

const badKey = jsonRefusal(400, 'VALIDATION_ERROR', 'Sec-WebSocket-Key is missing or malformed.');

/** Exclusive, as the engine would otherwise share a taken port in silence. */
function listen(app: NativeApp, uws: UwsModule, host: string, port: number): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    app.listen(host, port, exclusivePort(uws), (socket) => {
      if (socket === false) {
        reject(new BusError('UNAVAILABLE', `cannot listen on ${host} port ${port}`));
      } else {
        resolve(socket);
      }
    });
  });
}

/** The types declare this constant inside an enumeration, the module exports it by itself. */
function exclusivePort(uws: UwsModule): number {
  return (uws as unknown as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;
}

interface SocketEvents<D> {
  open(socket: UwsSocket<D>): void;
  message(socket: UwsSocket<D>, bytes: ArrayBuffer, isBinary: boolean): void;
  ping(socket: UwsSocket<D>): void;
  pong(socket: UwsSocket<D>): void;
  drain(socket: UwsSocket<D>): void;
  close(socket: UwsSocket<D>, code: number): void;
}

function socketEvents<D>(handlers: ListenerHandlers<D>, shared: UwsShared<D>): SocketEvents<D> {
  /** A connection that said goodbye hears nothing more. */
  const onControl = (socket: UwsSocket<D>): void => {
    const { connection } = socket.getUserData();
    if (connection.socket !== undefined) {
      handlers.onControl(connection);
    }
  };
  return {
    open: (socket) => {
      const { connection } = socket.getUserData();
      connection.socket = socket;
      // Not in here: after an upgrade inside `cork` the engine may read the flags of the request from memory that it has
      // given back (20.30). What allocated meanwhile could turn them into "close this connection".
      queueMicrotask(() => connection.batch(() => handlers.onOpen(connection)));
    },
    message: (socket, bytes, isBinary) => {
      const { connection } = socket.getUserData();
      if (connection.socket !== undefined) {
        handlers.onMessage(connection, new Uint8Array(bytes), isBinary);
      }
    },
    ping: onControl,
    pong: onControl,
    drain: (socket) => {
      const { connection } = socket.getUserData();
      if (connection.socket !== undefined) {
        handlers.onDrain(connection);
      } else {
        connection.endDrained(socket);
      }
    },
    close: (socket, code) => {
      const { connection } = socket.getUserData();
      const goodbye = shared.goodbyes.get(connection);
      connection.socket = undefined;
      if (goodbye !== undefined) {
        clearTimeout(goodbye.deadline);
        shared.goodbyes.delete(connection);
      }
      // Our own `end` and `close` come here too, and they must return before the handler is called.
      queueMicrotask(() => handlers.onClose(connection, goodbye?.code ?? code));
    },
  };
}

function upgrade<D>(
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
  handlers: ListenerHandlers<D>,
  shared: UwsShared<D>,
): void {
  // Everything is copied here: the request is gone once this function returns.
  const raw = readRequest(res, req);
  const reading = readHandshake(raw);
  if (!reading.ok) {
    refuse(res, reading.refusal);
    return;
  }
  const answer = (decision: UpgradeDecision<D>): void => {
    if (decision.accept) {
      const connection = new UwsConnection(decision.data, raw.remoteAddress, shared);
      const { 'sec-websocket-key': key = '', 'sec-websocket-extensions': extensions = '' } = raw.headers;
      res.upgrade<UwsSocketData<D>>({ connection }, key, decision.protocol, extensions, context);
    } else {
      refuse(res, decision);
    }
  };
  const decision = handlers.onUpgrade(reading.request);
  if (decision instanceof Promise) {
    answerLater(res, decision, answer);
  } else {
    answer(decision);
  }
}

function answerLater<D>(
  res: HttpResponse,
  decision: Promise<UpgradeDecision<D>>,
  answer: (decision: UpgradeDecision<D>) => void,
): void {
  let isAborted = false;
  res.onAborted(() => {
    isAborted = true;
  });
  const answerCorked = (decided: UpgradeDecision<D>): void => {
    if (!isAborted) {
      res.cork(() => answer(decided));
    }
  };
  // Never in a microtask (do not simplify): that may run while the engine is parsing another client's request, and an
  // upgrade in there is taken for that other client's, whose partner then loses its connection.
  const answerAlone = (decided: UpgradeDecision<D>): void => void setImmediate(answerCorked, decided);
  void decision.then(answerAlone, () => answerAlone(failedDecision));
}

function readRequest(res: HttpResponse, req: HttpRequest): RawHandshake {
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  req.forEach((name, value) => addHeader(headers, name, value));
  return {
    method: req.getCaseSensitiveMethod(),
    path: req.getUrl(),
    query: req.getQuery() ?? '',
    headers,
    remoteAddress: addressFromBytes(new Uint8Array(res.getRemoteAddress())),
  };
}

function refuse(res: HttpResponse, refusal: UpgradeRefusal): void {
  res.writeStatus(statusLine(refusal.status)).writeHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(refusal.headers)) {
    res.writeHeader(name, value);
  }
  res.end(refusal.body, true);
}
