import { createHash } from 'node:crypto';
import type { TenantId, UserId } from '@arqonbus/protocol';
import { createSpreadEnds } from './spread-ends.ts';

/** Who floods: a person from one address, so that nobody else there, and no other device of that person, pays for it. */
export interface Flooder {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly ip: string;
}

/** How somebody is held off. */
export interface FloodHold {
  readonly remainingMs: number;
  /** False: another of its connections has been cut for the same flood. */
  readonly isNew: boolean;
}

/** Who was cut for flooding and may not come back yet (PRT-23). Times are those of one Shield, and in ms. */
export interface FloodHolds {
  /**
   * Holds off who was cut just now: 1 s, then 8 s, then 60 s while it goes on, and longer where others of the tenant are held off for as
   * long, so that they come back one after the other; 60 s at most.
   */
  hold(flooder: Flooder): FloodHold;
  /** What is left of a hold; 0 = none. The token that it was asked with is known from now on, for as long. */
  remainingMs(flooder: Flooder, token: string): number;
  /** The same for a token that is known, before it is checked: that is what costs most of a handshake. */
  remainingOfTokenMs(ip: string, token: string): number;
  /** Forgets holds after a calm minute. */
  sweep(): void;
  /** How many are remembered. */
  size(): number;
}

interface Hold {
  readonly ms: number;
  readonly untilMs: number;
}

/** What the SDKs wait after 4429 anyway. */
const FIRST_MS = 1_000;
/** A second, eight, a minute: what a flood costs others is mostly its coming back. */
const GROWTH = 8;
/** Half of what a lost session can be resumed in (PRT-7): who behaves from now on has lost nothing. */
const LONGEST_MS = 60_000;
/** So long after a hold its next one is a first one again. */
const CALM_MS = 60_000;

/** More are not remembered; the oldest are let in again before that. About 300 bytes each. */
export const MAX_FLOOD_HOLDS = 10_000;

/** Nobody is held off yet. */
export function createFloodHolds(monotonicMs: () => number): FloodHolds {
  const holds = new Map<string, Hold>();
  const tokensUntilMs = new Map<string, number>();
  const ends = createSpreadEnds(monotonicMs, LONGEST_MS);
  return {
    hold: (flooder) => {
      const nowMs = monotonicMs();
      const last = holds.get(keyOf(flooder));
      if (last !== undefined && nowMs < last.untilMs) return { remainingMs: last.untilMs - nowMs, isNew: false };
      const ms = last === undefined || isForgotten(last, nowMs) ? FIRST_MS : Math.min(GROWTH * last.ms, LONGEST_MS);
      const remainingMs = ends.begin(flooder.tenant, ms);
      putNewest(holds, keyOf(flooder), { ms, untilMs: nowMs + remainingMs });
      return { remainingMs, isNew: true };
    },
    remainingMs: (flooder, token) => {
      const hold = holds.get(keyOf(flooder));
      if (hold === undefined || hold.untilMs <= monotonicMs()) return 0;
      putNewest(tokensUntilMs, digestOf(flooder.ip, token), hold.untilMs);
      return hold.untilMs - monotonicMs();
    },
    remainingOfTokenMs: (ip, token) => {
      if (tokensUntilMs.size === 0) return 0;
      return Math.max(0, (tokensUntilMs.get(digestOf(ip, token)) ?? 0) - monotonicMs());
    },
    sweep: () => {
      const nowMs = monotonicMs();
      ends.sweep();
      for (const [key, hold] of holds) if (isForgotten(hold, nowMs)) holds.delete(key);
      for (const [digest, untilMs] of tokensUntilMs) if (untilMs <= nowMs) tokensUntilMs.delete(digest);
    },
    size: () => holds.size + tokensUntilMs.size,
  };
}

function isForgotten({ untilMs }: Hold, nowMs: number): boolean {
  return nowMs - untilMs >= CALM_MS;
}

function keyOf({ tenant, user, ip }: Flooder): string {
  return `${ip} ${tenant} ${user}`;
}

/** A secret is not kept. */
function digestOf(ip: string, token: string): string {
  return createHash('sha256').update(`${ip} ${token}`).digest('base64');
}

/** A map iterates in the order of its insertions, so the first is the oldest. */
function putNewest<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  const [oldest] = map.size < MAX_FLOOD_HOLDS ? [] : map.keys();
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
