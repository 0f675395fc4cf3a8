import type { Clock, Limits } from '@arqonbus/protocol';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import { closeSession } from './close-session.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What watching over lifetimes needs from around it. */
export interface LifetimesOptions {
  readonly sessions: SessionRegistry;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
}

/** How long before the end of a token its client is told, at the most. */
const EXPIRY_NOTICE_MS = 60_000;

/**
 * Looks at every session once: pings the quiet, closes the silent (PRT-5), announces and enforces the end of tokens
 * (PRT-6), and ends connections that have lived long enough. Run every second.
 */
export function createLifetimes(options: LifetimesOptions): () => void {
  return () => {
    const wallMs = options.clock.now();
    const nowMs = options.clock.monotonicMs();
    for (const session of options.sessions.all()) checkSession(session, wallMs, nowMs, options);
  };
}

function checkSession(session: Session, wallMs: number, nowMs: number, options: LifetimesOptions): void {
  const { limits } = options;
  if (session.isClosing) return;
  if (wallMs >= session.principal.expiresAtMs) {
    closeSession(session, 4401);
  } else if (nowMs - session.lastSeenMs >= limits.idleTimeoutMs) {
    closeSession(session, 4408);
  } else if (nowMs >= session.closesAtMs) {
    options.send(session, options.envelopes.system({ event: 'going_away', reconnect_in_ms: 0 }));
    closeSession(session, 1012);
  } else {
    announceExpiry(session, wallMs, options);
    if (nowMs - session.lastPingMs < limits.heartbeatMs) return;
    session.lastPingMs = nowMs;
    session.connection?.ping();
  }
}

function announceExpiry(session: Session, wallMs: number, { envelopes, send }: LifetimesOptions): void {
  if (session.isExpiryAnnounced) return;
  const { expiresAtMs } = session.principal;
  // A short-lived token is announced in its second half: an announcement at once would only make a loop of refreshes.
  const noticeMs = Math.min(EXPIRY_NOTICE_MS, (expiresAtMs - session.tokenSinceMs) / 2);
  if (expiresAtMs - wallMs > noticeMs) return;
  session.isExpiryAnnounced = true;
  send(session, envelopes.system({ event: 'token_expiring', in_ms: expiresAtMs - wallMs }));
}
