import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.ts';

/** Pause between two looks, and how long an answer may take. */
const EVERY_MS = 2_000;
/** Looks in a row without an answer: 12 s and more, since a leader that is cut off gives up after 10, and a new one is found in 4 to 9. */
const MAX_MISSES = 6;

/** What {@link leaveLeaderless} can be given. */
export interface LeaveLeaderlessOptions {
  /** Told that a server was left, and why. */
  readonly onLeft: (reason: Error) => void;
  /** Default 2,000. */
  readonly everyMs?: number;
}

/**
 * Leaves a server of a cluster that is cut off from the others, for another one: its clients are well connected, and yet it stores nothing
 * and hears of no ban (SPN-6, LOG-7). Whether there is a leader is asked again and again; after a server was left, the next one is left only
 * once there has been a leader, so that nobody wanders about in a cluster that has none at all. Goes on until the returned function is called.
 */
export async function leaveLeaderless(link: NatsLink, options: LeaveLeaderlessOptions): Promise<() => void> {
  const { onLeft, everyMs = EVERY_MS } = options;
  const manager = await jetstreamManager(link.connection, { timeout: everyMs, checkAPI: false });
  let mayLeave = true;
  let misses = 0;
  let isLooking = false;
  let avoided = '';
  const look = async (): Promise<void> => {
    const place = link.connection.getServer();
    // The client begins its first reconnect with the server that it was at.
    const isBack = place === avoided;
    avoided = '';
    if (isBack) return link.leave();
    try {
      await manager.getAccountInfo();
      mayLeave = true;
      misses = 0;
    } catch (cause) {
      misses = link.isConnected && mayLeave ? misses + 1 : 0;
      if (misses < MAX_MISSES) return;
      mayLeave = false;
      misses = 0;
      avoided = place;
      onLeft(new Error(`${place} is left: it has had no leader for ${MAX_MISSES} looks`, { cause }));
      await link.leave();
    }
  };
  const timer = setInterval(() => {
    if (isLooking || !link.isConnected) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
