import type { AuthResult } from '@arqonbus/auth';
import { createLocalSpine, serveBrain } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createRefusedTokens } from './refused-tokens.ts';

const START_MS = 1_750_000_000_000;

function createRig() {
  const spine = createLocalSpine();
  const told: BrainRequest<'audit.refusals'>[] = [];
  const state = { nowMs: START_MS, isAway: false };
  serveBrain(
    spine,
    'audit.refusals',
    ({ node, sinceMs, refusals }) => {
      if (state.isAway) throw new BusError('UNAVAILABLE');
      told.push({ node, sinceMs, refusals: refusals.map(({ reason, count }) => ({ reason, count })) });
      return {};
    },
    { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined },
  );
  const now = (): number => state.nowMs;
  const refused = createRefusedTokens({ node: 'n1', spine, now, monotonicMs: now });
  const authenticator = refused.count({
    authenticate: async (token): Promise<AuthResult> => ({
      ok: false,
      code: token === 'away' ? 'UNAVAILABLE' : 'AUTHENTICATION_FAILED',
      reason: token,
    }),
  });
  return { state, told, refused, authenticator };
}

describe('refused tokens', () => {
  it('[AUD-3] are told once a minute, together, by reason', async () => {
    const { state, told, refused, authenticator } = createRig();
    for (const token of ['expired', 'unknown_key', 'expired', 'away']) await authenticator.authenticate(token);
    state.nowMs += 59_000;
    await refused.sweep();
    expect(told).toEqual([]);
    state.nowMs += 1_000;
    await refused.sweep();
    const refusals = [
      { reason: 'expired', count: 2n },
      { reason: 'unknown_key', count: 1n },
    ];
    expect(told).toEqual([{ node: 'n1', sinceMs: BigInt(START_MS), refusals }]);
    state.nowMs += 120_000;
    await refused.sweep();
    expect(told).toHaveLength(1);
  });

  it('[AUD-3] that could not be told are kept, and told with the next ones', async () => {
    const { state, told, refused, authenticator } = createRig();
    state.isAway = true;
    await authenticator.authenticate('expired');
    await refused.flush();
    await authenticator.authenticate('expired');
    await authenticator.authenticate('refused');
    state.isAway = false;
    await refused.flush();
    const refusals = [
      { reason: 'expired', count: 2n },
      { reason: 'refused', count: 1n },
    ];
    expect(told).toEqual([{ node: 'n1', sinceMs: BigInt(START_MS), refusals }]);
  });

  it('[AUT-1] are refused as they were', async () => {
    const { authenticator } = createRig();
    const refusal = { ok: false, code: 'AUTHENTICATION_FAILED', reason: 'expired' };
    expect(await authenticator.authenticate('expired')).toEqual(refusal);
  });
});
