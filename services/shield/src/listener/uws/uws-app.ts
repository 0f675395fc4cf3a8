import type { TlsPair } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t } from 'uWebSockets.js';
import { addressFromBytes } from '../canonical-address.ts';
import { addHeader, readHandshake } from '../handshake.ts';
import type { RawHandshake } from '../handshake.ts';
import { failedDecision, jsonRefusal, refusalHeaders, statusLine } from '../http-refusal.ts';
import { upgradePaths } from '../listener.ts';
import type { ListenerHandlers, ListenerLimits, UpgradeDecision, UpgradeRefusal } from '../listener.ts';
import type { UwsModule } from './load-uws.ts';
import { UwsConnection } from './uws-connection.ts';
import type { UwsShared, UwsSocket, UwsSocketData } from './uws-connection.ts';

/** Members of 20.30 that its types leave out, and the form of `listen` that they lack. */
export interface NativeApp extends Omit<TemplatedApp, 'listen'> {
  close(): void;
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): void;
}

/** One app of the engine and the connections that came through it. A certificate is for the life of an app. */
export interface UwsApp<D> {
  readonly native: NativeApp;
  readonly shared: UwsShared<D>;
}

/** An app with the routes of the bus. Throws `UNAVAILABLE` for a certificate that the engine refuses. */
export function createUwsApp<D>(
  uws: UwsModule,
  handlers: ListenerHandlers<D>,
  limits: ListenerLimits,
  tls: TlsPair | undefined,
): UwsApp<D> {
  const shared: UwsShared<D> = { goodbyes: new Map(), limits, writing: undefined, sockets: 0 };
  const native = openApp(uws, tls);
  for (const path of upgradePaths) {
    native.ws<UwsSocketData<D>>(path, {
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
  native.any('/*', (res, req) => {
    const reading = readHandshake(readRequest(res, req));
    refuse(res, reading.ok ? badKey : reading.refusal);
  });
  return { native, shared };
}

function openApp(uws: UwsModule, tls: TlsPair | undefined): NativeApp {
  if (tls === undefined) return uws.App() as unknown as NativeApp;
  try {
    // The engine takes names of files alone, and nothing below TLS 1.2.
    return uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile }) as unknown as NativeApp;
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'the uws listener refuses the certificate', { cause });
  }
}

const badKey = jsonRefusal(400, 'VALIDATION_ERROR', 'Sec-WebSocket-Key is missing or malformed.');

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
      shared.sockets += 1;
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
      shared.sockets -= 1;
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
  res.writeStatus(statusLine(refusal.status));
  for (const headers of [refusalHeaders, refusal.headers]) {
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  }
  res.end(refusal.body, true);
}
