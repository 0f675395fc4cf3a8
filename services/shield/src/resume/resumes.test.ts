import { BusError } from '@arqonbus/protocol';
import {
  HolderResultSchema,
  HolderResult_State,
  ResumeTokenSchema,
  create,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { createLocalSpine, deadlineIn, requestsToShield } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createSessionRegistry } from '../session/session-registry.ts';
import { createTestClock, createTestSession } from '../session/session-rig.ts';
import { createResumeTokens } from './resume-tokens.ts';
import type { ResumeTokenContent } from './resume-tokens.ts';
import { createResumes } from './resumes.ts';

const HOUR_MS = 3_600_000;
const nothing = (): undefined => undefined;

function createRig(windowMs = 120_000) {
  const spine = createLocalSpine();
  const clock = createTestClock();
  const tokens = createResumeTokens([Buffer.alloc(32, 1)]);
  const { session } = createTestSession({ clock });
  const outcomes: string[] = [];
  const resumes = createResumes({
    node: 'n2',
    tokens,
    windowMs,
    spine,
    clock,
    sessions: createSessionRegistry(),
    membership: { connected: nothing, disconnected: nothing },
    directDeliveries: { adopted: nothing },
    taskDeliveries: { adopted: nothing },
    endReplaced: nothing,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  /** What comes of a token that says this; `UNAVAILABLE` = it is good, and there is no Brain here to ask. */
  const take = async (more: Partial<ResumeTokenContent> = {}): Promise<string> => {
    const now = BigInt(clock.now());
    const own = { tenant: session.tenant, user: session.user, clientId: 'n1_a', generation: 0, holder: 'n1' };
    try {
      await resumes.take(session, tokens.seal({ ...own, joinedAtMs: now, issuedAtMs: now, ...more }), deadlineIn(50));
      return 'ok';
    } catch (error) {
      return error instanceof BusError ? error.code : String(error);
    }
  };
  return { spine, clock, session, resumes, outcomes, take, after: (ms: number) => BigInt(clock.now() + ms) };
}

describe('adopting a session', () => {
  it('[PRT-7] [SPN-4] leaves the connection who it is where the Spine was lost since the session was taken', async () => {
    const { spine, session, resumes } = createRig();
    const token = create(ResumeTokenSchema, { tenant: session.tenant, user: session.user, clientId: 'n1_a' });
    const before = session.clientId;
    await spine.close();
    expect(() => resumes.adopt(session, token)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect([session.clientId, session.generation]).toEqual([before, 0]);
  });
});

describe('taking a session', () => {
  it('[PRT-7] refuses tokens from the future, of long ago, of others and of the connection itself, alike', async () => {
    const { take, after, session, outcomes } = createRig();
    expect([await take({ issuedAtMs: after(59_000) }), await take({ issuedAtMs: after(-4 * HOUR_MS) })]).toEqual([
      'UNAVAILABLE',
      'UNAVAILABLE',
    ]);
    const bad = [
      { issuedAtMs: after(61_000) },
      { issuedAtMs: after(-5 * HOUR_MS) },
      { tenant: 'globex' },
      { user: 'mallory' },
      { clientId: session.clientId },
    ];
    for (const more of bad) expect(await take(more)).toBe('RESUME_EXPIRED');
    expect(outcomes).toEqual(['unavailable', 'unavailable', ...bad.map(() => 'expired')]);
  });

  it('[PRT-7] believes a holder who says that the session is gone, and asks no further', async () => {
    const { spine, take } = createRig();
    const answer = create(HolderResultSchema, { state: HolderResult_State.GONE });
    spine.serve(requestsToShield('n1'), () => toBinary(HolderResultSchema, answer));
    expect(await take()).toBe('RESUME_EXPIRED');
  });

  it('[PRT-7] gives no tokens and takes none where the window is 0', async () => {
    const { resumes, session, take } = createRig(0);
    expect([resumes.issue(session), await take()]).toEqual(['', 'RESUME_EXPIRED']);
  });
});
