import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { closeSession } from './close-session.ts';
import { createMisbehaviour } from './misbehaviour.ts';
import { createTestClock, createTestSession } from './session-rig.ts';

function createRig() {
  const clock = createTestClock();
  const misbehaviour = createMisbehaviour(
    DEFAULT_LIMITS,
    () => clock.monotonicMs(),
    (session) => closeSession(session, 4429),
  );
  return { clock, misbehaviour, ...createTestSession({ clock }) };
}

describe('bad frames', () => {
  it('[PRT-10] ten of them in a minute close the connection with 4400', () => {
    const { misbehaviour, session, connection, clock } = createRig();
    for (let i = 0; i < 9; i++) {
      misbehaviour.badFrame(session);
      clock.advance(6_000);
    }
    expect(connection.closeCode).toBeUndefined();
    misbehaviour.badFrame(session);
    expect(connection.closeCode).toBe(4400);
  });

  it('[PRT-10] nine a minute do not, for ever', () => {
    const { misbehaviour, session, connection, clock } = createRig();
    for (let i = 0; i < 100; i++) {
      misbehaviour.badFrame(session);
      clock.advance(6_667);
    }
    expect(connection.closeCode).toBeUndefined();
  });

  it('[PRT-10] count together on both sides of any border', () => {
    const { misbehaviour, session, connection, clock } = createRig();
    misbehaviour.badFrame(session);
    clock.advance(59_000);
    for (let i = 0; i < 4; i++) misbehaviour.badFrame(session);
    clock.advance(2_000);
    for (let i = 0; i < 5; i++) misbehaviour.badFrame(session);
    expect(connection.closeCode).toBeUndefined();
    misbehaviour.badFrame(session);
    expect(connection.closeCode).toBe(4400);
  });
});

describe('refusals', () => {
  it('[PRT-27] a hundred for being too fast in ten seconds close the connection with 4429', () => {
    const { misbehaviour, session, connection, clock } = createRig();
    for (let i = 0; i < 99; i++) {
      misbehaviour.refused(session, i % 2 === 0 ? 'RATE_LIMITED' : 'QUOTA_EXCEEDED');
      clock.advance(100);
    }
    expect(connection.closeCode).toBeUndefined();
    misbehaviour.refused(session, 'RATE_LIMITED');
    expect(connection.closeCode).toBe(4429);
  });

  it('[PRT-27] spread over more than ten seconds do not', () => {
    const { misbehaviour, session, connection, clock } = createRig();
    for (let i = 0; i < 1_000; i++) {
      misbehaviour.refused(session, 'RATE_LIMITED');
      clock.advance(102);
    }
    expect(connection.closeCode).toBeUndefined();
  });

  it('[PRT-27] for other reasons do not count', () => {
    const { misbehaviour, session, connection } = createRig();
    for (let i = 0; i < 1_000; i++) misbehaviour.refused(session, 'NOT_SUBSCRIBED');
    expect(connection.closeCode).toBeUndefined();
    expect(session.refusalsMs).toBeUndefined();
  });
});
