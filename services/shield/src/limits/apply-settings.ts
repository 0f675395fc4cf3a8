import { setRateBudget } from '@arqonbus/pipeline';
import type { Limits } from '@arqonbus/protocol';
import type { SessionRights } from '@arqonbus/runtime';
import type { Session } from '../session/session.ts';

/** What open sessions are held to after a change at run time. */
export interface SessionSettings {
  readonly sessions: Iterable<Session>;
  readonly limits: Limits;
  readonly rights: SessionRights;
  readonly monotonicMs: () => number;
  /** Takes a session out of the channels that it may not be in any more. */
  readonly leaveForbidden: (session: Session) => void;
}

/** Holds open sessions to the settings in force now (CFG-1): what a session was given at its handshake is given anew. */
export function applySettings({ sessions, limits, rights, monotonicMs, leaveForbidden }: SessionSettings): void {
  for (const session of sessions) {
    setRateBudget(session.budget, limits, monotonicMs());
    session.rights = rights.of(session.principal);
    leaveForbidden(session);
  }
}
