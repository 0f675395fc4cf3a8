import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createLifetimes } from './lifetimes.ts';
import { createSessionRegistry } from './session-registry.ts';
import { createTestClock, createTestEnvelopes, createTestSession, testSend } from './session-rig.ts';

const limits = { ...DEFAULT_LIMITS, maxConnectionLifeMs: 14_400_000 };

function createRig(tokenMs = 36_000_000) {
  const clock = createTestClock();
  const sessions = createSessionRegistry();
  const { session, connection } = createTestSession({ clock, expiresAtMs: clock.now() + tokenMs });
  sessions.add(session);
  const check = createLifetimes({ sessions, limits, clock, envelopes: createTestEnvelopes(clock), send: testSend });
  /** Lets time pass as the watch sees it: once a second. */
  const pass = (seconds: number, everySecond: () => void = () => undefined): void => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_000);
      everySecond();
      check();
    }
  };
  const isAlive = (): void => {
    session.lastSeenMs = clock.monotonicMs();
  };
  return { clock, session, connection, check, pass, isAlive };
}

describe('the heartbeat', () => {
  it('[PRT-5] pings every 25 s, also a busy client', () => {
    const { pass, connection, isAlive } = createRig();
    pass(24, isAlive);
    expect(connection.pings).toBe(0);
    pass(1, isAlive);
    expect(connection.pings).toBe(1);
    pass(75, isAlive);
    expect(connection.pings).toBe(4);
  });

  it('[PRT-5] closes 4408 after 33 s without a sign of life, and not before', () => {
    const { pass, connection } = createRig();
    pass(32);
    expect(connection.closeCode).toBeUndefined();
    pass(1);
    expect(connection.closeCode).toBe(4408);
  });

  it('[PRT-5] a pong gives another 33 s', () => {
    const { pass, connection, isAlive } = createRig();
    pass(30);
    isAlive();
    pass(32);
    expect(connection.closeCode).toBeUndefined();
    pass(1);
    expect(connection.closeCode).toBe(4408);
  });

  it('[PRT-5] says nothing to a client that is being closed', () => {
    const { pass, connection, session } = createRig(120_000);
    session.isClosing = true;
    pass(300);
    expect(connection.frames).toEqual([]);
    expect(connection.pings).toBe(0);
  });
});

describe('the end of a token', () => {
  it('[PRT-6] is announced once, a minute before, and enforced with 4401', () => {
    const { pass, connection, isAlive } = createRig(600_000);
    pass(539, isAlive);
    expect(connection.frames).toEqual([]);
    pass(1, isAlive);
    expect(connection.payloads()).toEqual([{ event: 'token_expiring', in_ms: 60_000 }]);
    pass(59, isAlive);
    expect(connection.frames).toHaveLength(1);
    expect(connection.closeCode).toBeUndefined();
    pass(1, isAlive);
    expect(connection.closeCode).toBe(4401);
  });

  it('[PRT-6] of a short-lived token is announced in its second half', () => {
    const { pass, connection, isAlive } = createRig(30_000);
    pass(14, isAlive);
    expect(connection.frames).toEqual([]);
    pass(1, isAlive);
    expect(connection.payloads()).toEqual([{ event: 'token_expiring', in_ms: 15_000 }]);
  });

  it('[PRT-6] of a short-lived successor is announced in its own second half, not at once', () => {
    const { pass, connection, isAlive, session, clock } = createRig(600_000);
    pass(550, isAlive);
    session.principal = { ...session.principal, expiresAtMs: clock.now() + 40_000 };
    session.tokenSinceMs = clock.now();
    session.isExpiryAnnounced = false;
    pass(19, isAlive);
    expect(connection.frames).toHaveLength(1);
    pass(1, isAlive);
    expect(connection.payloads().at(-1)).toEqual({ event: 'token_expiring', in_ms: 20_000 });
  });

  it('[PRT-6] O-01: is by wall time: a monotonic clock that stands still keeps nobody in', () => {
    const { connection, session, check, clock } = createRig(600_000);
    session.principal = { ...session.principal, expiresAtMs: clock.now() };
    check();
    expect(connection.closeCode).toBe(4401);
  });
});

describe('a long life', () => {
  it('[DPL-3] ends with a hint to come back and 1012', () => {
    const { pass, connection, session, clock, isAlive } = createRig();
    session.lastPingMs = clock.monotonicMs() + limits.maxConnectionLifeMs;
    clock.advance(limits.maxConnectionLifeMs - 2_000);
    pass(1, isAlive);
    expect(connection.closeCode).toBeUndefined();
    pass(1, isAlive);
    expect(connection.payloads()).toEqual([{ event: 'going_away', reconnect_in_ms: 0 }]);
    expect(connection.closeCode).toBe(1012);
  });
});
