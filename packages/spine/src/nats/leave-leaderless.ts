import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.ts';

/** Pause between two looks, and how long an answer may take. */
const EVERY_MS = 2_000;
/** Looks in a row without an answer: 12 s and more, since a leader that is cut off gives up after 10, and a new one is found in 4 to 9. */
const MAX_MISSES = 6;
/** So often is the patience doubled at most: to 3 minutes and more. */
const MAX_DOUBLINGS = 4;

/** What {@link leaveLeaderless} can be given. */
export interface LeaveLeaderlessOptions {
  /** Told that a server was left, and why. */
  readonly onLeft: (reason: Error) => void;
  /** How many servers are known. */
  readonly servers: number;
  /** Default 2,000. */
  readonly everyMs?: number;
}

/**
 * Leaves a server of a cluster that is cut off from the others, for another one: its clients are well connected, and yet it stores nothing
 * and hears of no ban (SPN-6, LOG-7). Whether there is a leader is asked again and again. One that was only slow to find a leader may be left for
 * the very one that is cut off, so that is left as well; after each round of all servers that found none the patience is twice as long, so that
 * nobody wanders about in a cluster that has none at all. Goes on until the returned function is called.
 */
export async function leaveLeaderless(link: NatsLink, options: LeaveLeaderlessOptions): Promise<() => void> {
  const { onLeft, servers, everyMs = EVERY_MS } = options;
  const manager = await jetstreamManager(link.connection, { timeout: everyMs, checkAPI: false });
  let leaves = 0;
  let misses = 0;
  let isLooking = false;
  let avoided = '';
  const patience = (): number => MAX_MISSES * 2 ** Math.min(Math.floor(leaves / servers), MAX_DOUBLINGS);
  const look = async (): Promise<void> => {
    const place = link.connection.getServer();
    // The client begins its first reconnect with the server that it was at.
    const isBack = place === avoided;
    avoided = '';
    if (isBack) return link.leave();
    try {
      await manager.getAccountInfo();
      leaves = 0;
      misses = 0;
    } catch (cause) {
      misses = link.isConnected ? misses + 1 : 0;
      if (misses < patience()) return;
      onLeft(new Error(`${place} is left: it has had no leader for ${misses} looks`, { cause }));
      leaves += 1;
      misses = 0;
      avoided = place;
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
