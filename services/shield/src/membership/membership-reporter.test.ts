import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { createSessionRegistry } from '../session/session-registry.ts';
import { createTestSession, turn } from '../session/session-rig.ts';
import { createMembershipReporter } from './membership-reporter.ts';

const { CONNECT, JOIN, LEAVE, DISCONNECT } = MembershipChange_Kind;

function createRig() {
  const sessions = createSessionRegistry();
  const reports: MembershipReport[] = [];
  const errors: unknown[] = [];
  const rig = { isAway: false, wantsSnapshot: false };
  const reporter = createMembershipReporter({
    node: 'n0a1b2c3d4e5f',
    startedAtMs: 1_772_357_400_000,
    sessions,
    send: (report) => {
      if (rig.isAway) return Promise.reject(new Error('no Brain'));
      reports.push(report);
      return Promise.resolve(rig.wantsSnapshot);
    },
    onError: (error) => errors.push(error),
  });
  const connect = () => {
    const { session } = createTestSession();
    sessions.add(session);
    reporter.connected(session);
    return session;
  };
  const kinds = () =>
    reports.map(({ number, snapshot, changes }) => [Number(number), snapshot, changes.map(({ kind }) => kind)]);
  return { sessions, reports, errors, rig, reporter, connect, kinds };
}

describe('membership reports', () => {
  it('[PRS-2] are numbered, begin with a snapshot, and carry the changes of a turn together', async () => {
    const { reporter, connect, kinds } = createRig();
    const session = connect();
    await turn();
    reporter.joined(session, 'science', 'general');
    reporter.joined(session, 'science', 'explore');
    reporter.left(session, 'science', 'general');
    await turn();
    reporter.disconnected(session);
    await turn();
    expect(kinds()).toEqual([
      [1, true, [CONNECT]],
      [2, false, [JOIN, JOIN, LEAVE]],
      [3, false, [DISCONNECT]],
    ]);
  });

  it('[PRS-2] are signs of life when nothing changed', async () => {
    const { reporter, kinds } = createRig();
    await reporter.flush();
    await reporter.flush();
    expect(kinds()).toEqual([
      [1, true, []],
      [2, false, []],
    ]);
  });

  it('[PRS-1] tell who it is', async () => {
    const { reports, connect, reporter } = createRig();
    const session = connect();
    await reporter.flush();
    expect(reports[0]?.changes[0]?.member).toMatchObject({
      clientId: session.clientId,
      user: 'auth0|5f7c8ec7',
      clientType: 'human',
      screenName: 'Ada Lovelace',
      joinedAtMs: BigInt(session.openedAtMs),
    });
  });

  it('[PRS-2] follow a failure with a snapshot of everything, and keep nothing for a Brain that is away', async () => {
    const { reporter, connect, kinds, errors, rig } = createRig();
    const session = connect();
    await turn();
    rig.isAway = true;
    reporter.joined(session, 'science', 'general');
    await turn();
    expect(errors).toHaveLength(1);
    for (let i = 0; i < 100; i++) reporter.joined(session, 'science', `c${i}`);
    await turn();
    expect(errors).toHaveLength(1);
    rig.isAway = false;
    connect();
    await reporter.flush();
    expect(kinds().at(-1)).toEqual([3, true, [CONNECT, CONNECT]]);
  });

  it('[PRS-2] answer with a snapshot when the Brain asks, and not in a loop', async () => {
    const { reporter, connect, kinds, rig } = createRig();
    connect();
    await reporter.flush();
    rig.wantsSnapshot = true;
    await reporter.flush();
    expect(kinds().slice(1)).toEqual([
      [2, false, []],
      [3, true, [CONNECT]],
    ]);
    rig.wantsSnapshot = false;
    await reporter.flush();
    expect(kinds().at(-1)).toEqual([4, true, [CONNECT]]);
    await reporter.flush();
    expect(kinds().at(-1)).toEqual([5, false, []]);
  });
});
