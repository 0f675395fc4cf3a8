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
/** Clients are asked to come back spread over the window, and over a minute at the most. */
const MAX_SPREAD_MS = 60_000;
/** Few are asked back sooner: the other Shields have room for them, and logs do not keep what was said meanwhile for ever (decision 73). */
const SPREAD_MS_PER_CLIENT = 10;
const MIN_STEP_MS = 10;
/** Who has acknowledgements to come is closed when they are there, or after so many steps. */
const PATIENCE_STEPS = SLICES / 2;
/** How often it is looked whether the last client is gone. */
const LAST_STEP_MS = 50;

/**
 * Sends all clients away in slices: each is told when to come back and closed a step later, or once the answers to what
 * it sent before have reached it. Takes half of the window, a quarter more where those are slow, and resolves as soon as
 * the last client is gone (DPL-3). The caller has stopped accepting before, and cuts who is left after the window.
 */
export function drainSessions(options: DrainOptions): Promise<void> {
  const { sessions, windowMs } = options;
  const perSlice = windowMs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(sessions.size() / SLICES);
  const spreadMs = Math.min(windowMs, MAX_SPREAD_MS, sessions.size() * SPREAD_MS_PER_CLIENT);
  const stepMs = Math.max(MIN_STEP_MS, windowMs / (2 * SLICES));
  /** With the steps that each has been left since. */
  const told = new Map<Session, number>();
  return new Promise((resolve) => {
    const step = (): void => {
      for (const [session, steps] of told) {
        if (session.unacknowledged === 0 || steps >= PATIENCE_STEPS) closeSession(session, 1012);
        told.set(session, steps + 1);
      }
      const slice = takeSlice(sessions, told, perSlice);
      for (const session of slice) tell(session, spreadMs, options);
      if (sessions.size() === 0) resolve();
      else options.startTimer(step, slice.length > 0 ? stepMs : Math.min(stepMs, LAST_STEP_MS));
    };
    step();
  });
}

/** Sessions that have not been told yet; late ones too, whose upgrade had been answered when the drain began. */
function takeSlice(sessions: SessionRegistry, told: Map<Session, number>, count: number): Session[] {
  const slice: Session[] = [];
  for (const session of sessions.all()) {
    if (slice.length >= Math.max(1, count)) break;
    if (told.has(session)) continue;
    told.set(session, 0);
    slice.push(session);
  }
  return slice;
}

function tell(session: Session, spreadMs: number, { envelopes, send, random }: DrainOptions): void {
  const reconnectInMs = Math.round(random() * spreadMs);
  send(session, envelopes.system({ event: 'going_away', reconnect_in_ms: reconnectInMs }));
}
