import type { Principal } from '@arqonbus/auth';
import type { TokenBucket } from '@arqonbus/pipeline';
import { closeCodes } from '@arqonbus/protocol';
import type { CloseCode } from '@arqonbus/protocol';
import type { EventName } from '../activity/activity-events.ts';
import type { Connection } from '../listener/listener.ts';
import type { RefusedPeer } from '../session/peer.ts';

/** An administrator's connection to the telemetry stream. */
export interface Follower {
  readonly kind: 'follower';
  readonly principal: Principal;
  readonly remoteIp: string;
  /** For all that it sends, control frames included. */
  readonly budget: TokenBucket;
  /** Undefined before the socket opened and after it closed. */
  connection: Connection<TelemetryPeer> | undefined;
  /** The events it wants; undefined = all. */
  events: ReadonlySet<EventName> | undefined;
  /** Events not written since it was told last, because it read too slowly. */
  dropped: number;
  /** Times of late bad frames, monotonic. */
  readonly badFramesMs: number[];
  isClosing: boolean;
  /** Monotonic, as below. */
  readonly openedAtMs: number;
  lastSeenMs: number;
  lastPingMs: number;
}

/** What the stream keeps with a socket. */
export type TelemetryPeer = Follower | RefusedPeer;

/** Says goodbye; what it still sends counts for nothing. */
export function closeFollower(follower: Follower, code: CloseCode): void {
  if (follower.connection === undefined || follower.isClosing) return;
  follower.isClosing = true;
  follower.connection.close(code, closeCodes[code].name);
}
