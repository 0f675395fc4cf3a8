import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import { PARTITIONS, roomPartition, tenantPartition } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createSessionRegistry } from '../session/session-registry.ts';
import { createTestSession, turn } from '../session/session-rig.ts';
import { createMembershipReporter } from './membership-reporter.ts';

const { CONNECT, JOIN, LEAVE, DISCONNECT } = MembershipChange_Kind;

function createRig() {
  const sessions = createSessionRegistry();
  const reports: MembershipReport[] = [];
  const held: (() => void)[] = [];
  const rig = { isHolding: false, isAway: false };
  const reporter = createMembershipReporter({
    node: 'n0a1b2c3d4e5f',
    startedAtMs: 1_772_357_400_000,
    sessions,
    send: async (report) => {
      if (rig.isAway) throw new Error('no Brain');
      if (rig.isHolding) await new Promise<void>((resolve) => held.push(resolve));
      reports.push(report);
      return false;
    },
    onError: () => undefined,
  });
  const { session } = createTestSession();
  sessions.add(session);
  /** What a partition was told, in deltas and snapshots alike. */
  const toldTo = (partition: number) =>
    reports
      .filter((report) => report.partition === partition)
      .flatMap(({ changes }) => changes.map(({ kind }) => kind));
  const release = (): void => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { reporter, reports, rig, session, toldTo, release };
}

const home = tenantPartition('acme');
// A room of another partition than the tenant's own, so that the test sees the difference.
const room = ['science', 'lab', 'kitchen'].find((name) => roomPartition('acme', name) !== home) ?? '';
const roomAt = roomPartition('acme', room);

describe('membership reports', () => {
  it('[PRS-2] tell connections to the partition of the tenant, and members to that of their room', async () => {
    const { reporter, session, toldTo, reports } = createRig();
    await reporter.flush();
    expect(new Set(reports.map(({ partition }) => partition)).size).toBe(PARTITIONS);
    expect([toldTo(home), toldTo(roomAt)]).toEqual([[CONNECT], []]);
    await reporter.joining(session, room, 'general');
    reporter.joined(session, room, 'general');
    await reporter.left(session, room, 'general');
    reporter.disconnected(session);
    await turn();
    expect(toldTo(home)).toEqual([CONNECT, DISCONNECT]);
    expect(toldTo(roomAt)).toEqual([JOIN, LEAVE]);
  });

  it('[PRS-1] tell who it is with every join, since the partition of the room may not know', async () => {
    const { reporter, session, reports } = createRig();
    await reporter.flush();
    await reporter.joining(session, room, 'general');
    expect(reports.at(-1)?.changes[0]?.member).toMatchObject({
      clientId: session.clientId,
      user: 'auth0|5f7c8ec7',
      clientType: 'human',
      screenName: 'Ada Lovelace',
      joinedAtMs: BigInt(session.openedAtMs),
    });
  });

  it('[PRS-5] let a join go on only when the Brain counts it, or is away', async () => {
    const { reporter, session, rig, release } = createRig();
    await reporter.flush();
    rig.isHolding = true;
    let isCounted = false;
    const joining = reporter.joining(session, room, 'general').then(() => (isCounted = true));
    await turn();
    expect(isCounted).toBe(false);
    release();
    await joining;
    rig.isHolding = false;
    rig.isAway = true;
    await reporter.joining(session, room, 'explore');
    expect(reporter.isHeard()).toBe(false);
    await reporter.joining(session, room, 'share');
  });

  it('[PRS-2] a snapshot in between has a join that is under way, and a join that failed is taken back', async () => {
    const { reporter, session, reports, toldTo } = createRig();
    await reporter.flush();
    await reporter.joining(session, room, 'general');
    reporter.reportAll(roomAt);
    await reporter.told('acme', room);
    expect(reports.at(-1)).toMatchObject({ snapshot: true, changes: [{ kind: JOIN, room, channel: 'general' }] });
    reporter.notJoined(session, room, 'general');
    await reporter.told('acme', room);
    expect(toldTo(roomAt)).toEqual([JOIN, JOIN, LEAVE]);
    reporter.reportAll(roomAt);
    await reporter.told('acme', room);
    expect(reports.at(-1)?.changes).toEqual([]);
  });

  it('[PRT-16] count nobody as a member of the pseudo-channel of a room', async () => {
    const { reporter, session, toldTo } = createRig();
    await reporter.flush();
    await reporter.joining(session, room, '*');
    await reporter.left(session, room, '*');
    await reporter.told('acme', room);
    expect(toldTo(roomAt)).toEqual([]);
  });
});
