import * as fc from 'fast-check';
import type { TenantId, UserId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../session/session-rig.ts';
import { createFloodHolds, MAX_FLOOD_HOLDS } from './flood-holds.ts';
import type { Flooder } from './flood-holds.ts';
import { APART_MS } from './spread-ends.ts';

const mallory = flooder('mallory');
/** Everybody who shares something with mallory, but not all of it. */
const others = [
  flooder('ada'),
  { ...mallory, ip: '198.51.100.8' },
  { ...mallory, tenant: 'globex' as TenantId },
  { ...mallory, tenant: 'acme mallory' as TenantId, user: '' as UserId },
];

function flooder(user: string): Flooder {
  return { tenant: 'acme' as TenantId, user: user as UserId, ip: '198.51.100.7' };
}

function createRig() {
  const clock = createTestClock();
  const holds = createFloodHolds(() => clock.monotonicMs());
  const remaining = (who: Flooder = mallory): number => holds.remainingMs(who, `token of ${who.user}`);
  return { clock, holds, remaining };
}

describe('who was cut for flooding', () => {
  it('[PRT-23] P-24: is held off for a second, then for eight, then for a minute each time that it goes on', () => {
    const { clock, holds, remaining } = createRig();
    const lengths: number[] = [];
    for (let round = 0; round < 5; round++) {
      holds.hold(mallory);
      lengths.push(remaining());
      clock.advance(remaining() - 1);
      expect(remaining()).toBe(1);
      clock.advance(1);
      expect(remaining()).toBe(0);
      clock.advance(20_000);
    }
    expect(lengths).toEqual([1_000, 8_000, 60_000, 60_000, 60_000]);
  });

  it('[PRT-23] begins at a second again after a calm minute', () => {
    const { clock, holds, remaining } = createRig();
    for (const calmMs of [59_999, 60_000]) {
      holds.hold(mallory);
      clock.advance(remaining() + calmMs);
    }
    holds.hold(mallory);
    expect(remaining()).toBe(1_000);
  });

  it('[PRT-23] is held off once, however many of its connections are cut meanwhile', () => {
    const { clock, holds, remaining } = createRig();
    expect(holds.hold(mallory)).toEqual({ remainingMs: 1_000, isNew: true });
    clock.advance(400);
    expect(holds.hold(mallory)).toEqual({ remainingMs: 600, isNew: false });
    clock.advance(600);
    expect(remaining()).toBe(0);
    expect(holds.hold(mallory)).toEqual({ remainingMs: 8_000, isNew: true });
  });

  it('[PRT-23] comes back at another time than others of its tenant who were cut at once; other tenants are not kept waiting', () => {
    const { clock, holds } = createRig();
    const all = Array.from({ length: 20 }, (_, n) => flooder(`u-${n}`));
    for (const longMs of [1_000, 8_000]) {
      const held = all.map((who) => holds.hold(who).remainingMs);
      expect(held).toEqual(all.map((_, n) => longMs + n * APART_MS));
      expect(holds.hold({ ...mallory, tenant: `globex-${longMs}` as TenantId }).remainingMs).toBe(1_000);
      clock.advance(Math.max(...held));
    }
  });

  it('[PRT-23] is never held off for longer than a minute, and nobody else is ever, whatever comes when (property)', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 130_000 }), fc.constantFrom('cut', 'sweep', 'ask')));
    fc.assert(
      fc.property(steps, (list) => {
        const { clock, holds, remaining } = createRig();
        let lastCutMs = -Infinity;
        for (const [waitMs, step] of list) {
          clock.advance(waitMs);
          if (step === 'sweep') holds.sweep();
          if (step === 'cut') lastCutMs = clock.monotonicMs();
          const toldMs = step === 'cut' ? holds.hold(mallory).remainingMs : remaining();
          const sinceCutMs = clock.monotonicMs() - lastCutMs;
          expect(remaining()).toBe(toldMs);
          expect(toldMs).toBeGreaterThanOrEqual(sinceCutMs === 0 ? 1 : 0);
          expect(toldMs).toBeLessThanOrEqual(sinceCutMs < 60_000 ? 60_000 : 0);
          expect(others.map((who) => remaining(who))).toEqual([0, 0, 0, 0]);
        }
      }),
    );
  });
});

describe('the token of one who is held off', () => {
  it('[PRT-23] is known before it is checked once it was asked with, from that address, until the hold ends', () => {
    const { clock, holds, remaining } = createRig();
    const known = (token: string, ip = mallory.ip): number => holds.remainingOfTokenMs(ip, token);
    holds.hold(mallory);
    expect(known('token of mallory')).toBe(0);
    remaining();
    clock.advance(300);
    expect(known('token of mallory')).toBe(700);
    expect([known('token of ada'), known('token of mallory', '198.51.100.8')]).toEqual([0, 0]);
    clock.advance(700);
    expect(known('token of mallory')).toBe(0);
  });

  it('[PRT-23] of one who is not held off is not remembered', () => {
    const { holds, remaining } = createRig();
    holds.hold(mallory);
    const before = holds.size();
    for (const who of others) remaining(who);
    expect(holds.size()).toBe(before);
  });
});

describe('memory of floods', () => {
  it('[PRD-5] is bounded, and it is the oldest who is let in before its time', () => {
    const { holds, remaining } = createRig();
    for (let n = 0; n <= MAX_FLOOD_HOLDS; n++) holds.hold(flooder(`u-${n}`));
    expect(holds.size()).toBe(MAX_FLOOD_HOLDS);
    expect(remaining(flooder('u-0'))).toBe(0);
    expect(remaining(flooder('u-1'))).toBeGreaterThan(0);
    for (let n = 0; n <= MAX_FLOOD_HOLDS; n++) holds.remainingMs(flooder('u-1'), `token ${n}`);
    expect(holds.size()).toBe(2 * MAX_FLOOD_HOLDS);
  });

  it('[PRD-5] goes with a calm minute', () => {
    const { clock, holds, remaining } = createRig();
    holds.hold(mallory);
    remaining();
    clock.advance(1_000);
    holds.sweep();
    expect(holds.size()).toBe(1);
    clock.advance(59_999);
    holds.sweep();
    expect(holds.size()).toBe(1);
    clock.advance(1);
    holds.sweep();
    expect(holds.size()).toBe(0);
  });
});
