import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2';

/** The connections of a server. */
export interface Sessions {
  each(run: (session: ServerHttp2Session) => void): void;
  stop(): void;
}

const PING_EVERY_MS = 20_000;

/** Keeps the connections that are open, and ends those whose other side has not answered a ping before the next. */
export function watchSessions(server: Http2Server | Http2SecureServer): Sessions {
  const waitsFor = new Map<ServerHttp2Session, boolean>();
  server.on('session', (session) => {
    waitsFor.set(session, false);
    session.on('close', () => waitsFor.delete(session));
    // What goes wrong with one connection is its own end.
    session.on('error', () => session.destroy());
  });
  const timer = setInterval(() => {
    for (const [session, isWaiting] of waitsFor) {
      if (isWaiting) session.destroy();
      else
        waitsFor.set(
          session,
          session.ping((error) => error === null && waitsFor.has(session) && waitsFor.set(session, false)),
        );
    }
  }, PING_EVERY_MS);
  timer.unref();
  return {
    each: (run) => {
      for (const session of waitsFor.keys()) run(session);
    },
    stop: () => clearInterval(timer),
  };
}
