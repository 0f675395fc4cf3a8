import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import { closeSession } from './close-session.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What draining needs from around it. */
export interface DrainOptions {
  readonly sessions: SessionRegistry;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  /** The window in which clients are sent away; 0 = all at once. */
  readonly windowMs: number;
  readonly random: () => number;
  readonly startTimer: (run: () => void, afterMs: number) => void;
}

const SLICES = 20;
/** Clients are asked to come back spread over this time, whatever the window: an empty Shield is no reason for a storm. */
const MAX_SPREAD_MS = 60_000;

/**
 * Sends all clients away in slices, each told when to come back, and resolves as soon as the last one is gone (DPL-3).
 * The caller has stopped accepting before, and cuts who is left after the window.
 */
export function drainSessions(options: DrainOptions): Promise<void> {
  const { sessions, windowMs } = options;
  const waiting = [...sessions.all()];
  const perSlice = Math.ceil(waiting.length / SLICES);
  return new Promise((resolve) => {
    const step = (): void => {
      for (const session of waiting.splice(0, perSlice)) sendAway(session, options);
      if (sessions.size() === 0) resolve();
      else options.startTimer(step, Math.max(10, windowMs / (2 * SLICES)));
    };
    step();
  });
}

function sendAway(session: Session, { envelopes, send, random, windowMs }: DrainOptions): void {
  const reconnectInMs = Math.round(random() * Math.min(windowMs, MAX_SPREAD_MS));
  send(session, envelopes.system({ event: 'going_away', reconnect_in_ms: reconnectInMs }));
  closeSession(session, 1012);
}
