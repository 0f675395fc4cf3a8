import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createFloodHolds } from '../limits/flood-holds.ts';
import type { WaitOut } from '../limits/wait-out.ts';
import { askHandshake, createHandshakeRig, refusalOf, testUpgrade, testUpgradeOfBrowser } from './handshake-rig.ts';
import type { HandshakeRig } from './handshake-rig.ts';
import { createTestClock, createTestPrincipal } from './session-rig.ts';

/** Its client has just been cut. */
function holdOff({ options }: HandshakeRig): void {
  const { tenant, user } = createTestPrincipal({}, options.clock.now());
  options.floodHolds.hold({ tenant, user, ip: testUpgrade.remoteAddress });
}

describe('a handshake', () => {
  it('[PRT-23] P-24: of one who was cut for flooding is 429 until its hold ends; its token is looked at once', async () => {
    const rig = createHandshakeRig();
    holdOff(rig);
    for (let i = 0; i < 3; i++) {
      const decision = await askHandshake(rig);
      expect(refusalOf(decision)).toEqual({ status: 429, code: 'RATE_LIMITED' });
      expect(!decision.accept && decision.headers['retry-after']).toBe('1');
    }
    expect([rig.tokens, rig.refused]).toEqual([['good'], ['flood', 'flood', 'flood']]);
    expect(refusalOf(await askHandshake(rig, testUpgradeOfBrowser))).toEqual({ afterUpgrade: 'RATE_LIMITED' });
    expect(refusalOf(await askHandshake(rig, { remoteAddress: '203.0.113.10' }))).toBe('accepted');
    rig.answer = { ok: true, principal: createTestPrincipal({ user: 'grace' }, rig.options.clock.now()) };
    expect(refusalOf(await askHandshake(rig, { authorization: 'Bearer another' }))).toBe('accepted');
  });

  it('[PRT-23] of one whose hold ends while it waits is accepted', async () => {
    const waitOut: WaitOut = async (remainingMs) => {
      clock.advance(remainingMs());
      return remainingMs();
    };
    const clock = createTestClock();
    const rig = createHandshakeRig({ clock, floodHolds: createFloodHolds(() => clock.monotonicMs()), waitOut });
    holdOff(rig);
    expect(refusalOf(await askHandshake(rig))).toBe('accepted');
    expect(clock.monotonicMs()).toBe(2_000);
  });

  it('[DPL-3] of one who waits for the end of its hold is 503 once the Shield drains', async () => {
    const rig = createHandshakeRig({
      waitOut: async () => {
        rig.isDraining = true;
        return 0;
      },
    });
    holdOff(rig);
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 503, code: 'UNAVAILABLE' });
  });

  it('[PRT-23] of one whose token is known for a flood takes no place in the rate of new connections', async () => {
    const rig = createHandshakeRig({ limits: { ...DEFAULT_LIMITS, newConnectionsPerSecond: 2, connectQueueMs: 0 } });
    holdOff(rig);
    for (let i = 0; i < 10; i++) await askHandshake(rig);
    expect(refusalOf(await askHandshake(rig, { remoteAddress: '203.0.113.10' }))).toBe('accepted');
    expect(refusalOf(await askHandshake(rig, { remoteAddress: '203.0.113.10' }))).toEqual({
      status: 503,
      code: 'UNAVAILABLE',
    });
  });
});
