import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TlsPair } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { WebSocketServer } from 'ws';
import type { ServerOptions } from 'ws';
import { readHandshake } from '../handshake.ts';
import { failedDecision } from '../http-refusal.ts';
import { MIN_COMPRESSED_BYTES } from '../listener.ts';
import type { Listener, ListenerHandlers, ListenerLimits, UpgradeDecision } from '../listener.ts';
import { watchAssembly } from './assembly-watch.ts';
import { encodeServerFrame } from './server-frame.ts';
import { createTopicMembers } from './topic-members.ts';
import { createTurnOutbox } from './turn-outbox.ts';
import type { WsShared } from './ws-connection.ts';
import { createWsConnections } from './ws-connections.ts';
import type { WsConnections } from './ws-connections.ts';
import { readRequest, refuseUpgrade } from './ws-http.ts';
import { createWsServer } from './ws-server.ts';

/** The `ws` adapter of the {@link Listener} port: pure JavaScript on `node:http` or `node:https` and the package `ws`. */
export function createWsListener<D>(handlers: ListenerHandlers<D>, limits: ListenerLimits, tls?: TlsPair): Listener<D> {
  const { server, renewTls, cutUnsecured } = createWsServer(limits, tls);
  const shared: WsShared<D> = { outbox: createTurnOutbox(), topics: createTopicMembers() };
  const watch = watchAssembly(limits.fragmentTimeoutMs);
  const connections = createWsConnections(handlers, shared, watch);
  const upgrader = createUpgrader(handlers, limits, connections);
  server.on('upgrade', upgrader.upgrade);
  return {
    name: 'ws',
    listen: (host, port) => listen(server, host, port),
    publish: (topic, frame, isBinary, except) => {
      const members = shared.topics.get(topic);
      if (members === undefined) {
        return;
      }
      const bytes = encodeServerFrame(frame, isBinary);
      for (const member of members) {
        if (member !== except) {
          member.enqueue(bytes, isBinary);
        }
      }
    },
    renewTls,
    stopAccepting: () => void server.close(),
    close: async () => {
      watch.stop();
      const isClosed = server.listening ? new Promise<void>((resolve) => server.close(() => resolve())) : undefined;
      server.closeAllConnections();
      cutUnsecured();
      upgrader.cutAll();
      await connections.cutAll();
      await isClosed;
    },
  };
}

interface Upgrader {
  readonly upgrade: (req: IncomingMessage, socket: Socket, head: Buffer) => void;
  /** Cuts the sockets that wait for a decision. */
  readonly cutAll: () => void;
}

function createUpgrader<D>(
  handlers: ListenerHandlers<D>,
  limits: ListenerLimits,
  connections: WsConnections<D>,
): Upgrader {
  const undecided = new Set<Socket>();
  let protocol = '';
  const engine = new WebSocketServer({ ...engineOptions(limits), handleProtocols: () => protocol !== '' && protocol });
  const upgrade = (req: IncomingMessage, socket: Socket, head: Buffer): void => {
    const raw = readRequest(req);
    const reading = readHandshake(raw);
    const answer = (decision: UpgradeDecision<D>): void => {
      undecided.delete(socket);
      if (!decision.accept) {
        refuseUpgrade(socket, decision);
      } else if (!socket.destroyed) {
        protocol = decision.protocol;
        engine.handleUpgrade(req, socket, head, (ws) => connections.open(ws, socket, decision.data, raw.remoteAddress));
      }
    };
    // A client that goes away while it waits is no error of ours; `ws` brings its own listener later.
    socket.on('error', () => socket.destroy());
    if (!reading.ok) {
      answer(reading.refusal);
      return;
    }
    undecided.add(socket);
    const decision = handlers.onUpgrade(reading.request);
    if (decision instanceof Promise) {
      void decision.then(answer, () => answer(failedDecision));
    } else {
      answer(decision);
    }
  };
  const cutAll = (): void => {
    for (const socket of undecided) {
      socket.destroy();
    }
  };
  return { upgrade, cutAll };
}

/**
 * Buffered pieces of unfinished frames: enough for the largest frame in the smallest honest packets (1 MiB by 536
 * bytes).
 */
const MAX_BUFFERED_CHUNKS = 4_096;

function engineOptions(limits: ListenerLimits): ServerOptions & { readonly closeTimeout: number } {
  return {
    noServer: true,
    clientTracking: false,
    maxPayload: limits.maxFrameBytes,
    maxFragments: limits.maxFragments,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    closeTimeout: limits.closeGraceMs,
    skipUTF8Validation: false,
    perMessageDeflate: limits.compression && {
      threshold: MIN_COMPRESSED_BYTES,
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void =>
      reject(new BusError('UNAVAILABLE', `cannot listen on ${host} port ${port}`, { cause }));
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
