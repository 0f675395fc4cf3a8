import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import { PARTITIONS, roomPartition, tenantPartition } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createSessionRegistry } from '../session/session-registry.ts';
import { createTestSession, turn } from '../session/session-rig.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { createMembershipReporter } from './membership-reporter.ts';

const { CONNECT, JOIN, LEAVE, DISCONNECT, UPDATE, LINGER } = MembershipChange_Kind;

function createRig() {
  const sessions = createSessionRegistry();
  const reports: MembershipReport[] = [];
  const held: (() => void)[] = [];
  const rig = { isHolding: false, isAway: false, nowMs: 0 };
  const reporter = createMembershipReporter({
    node: 'n0a1b2c3d4e5f',
    startedAtMs: 1_772_357_400_000,
    sessions,
    lingerMs: 10_000,
    monotonicMs: () => rig.nowMs,
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
  return { reporter, reports, rig, session, sessions, toldTo, release };
}

function testSubscription(inRoom: string, channel: string): Subscription {
  const address = { tenant: 'acme', room: inRoom, channel };
  return { channel: { address }, isExplicit: true, meta: undefined } as unknown as Subscription;
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
    reporter.disconnected(session, false);
    await turn();
    expect(toldTo(home)).toEqual([CONNECT, DISCONNECT]);
    expect(toldTo(roomAt)).toEqual([JOIN, LEAVE]);
  });

  it('[PRS-2] keep the memberships of who was lost, in snapshots too, until its time is over', async () => {
    const { reporter, rig, session, sessions, toldTo } = createRig();
    await reporter.flush();
    await reporter.joining(session, room, 'general');
    reporter.joined(session, room, 'general');
    session.subscriptions.set(`${room}:general`, testSubscription(room, 'general'));
    sessions.remove(session);
    reporter.disconnected(session, true);
    session.subscriptions.clear();
    await turn();
    expect([toldTo(home), toldTo(roomAt)]).toEqual([[CONNECT, LINGER], [JOIN]]);
    rig.nowMs = 9_999;
    reporter.sweep();
    reporter.reportAll(roomAt);
    await reporter.flush();
    expect(toldTo(roomAt)).toEqual([JOIN, JOIN]);
    rig.nowMs = 10_000;
    reporter.sweep();
    await reporter.flush();
    expect([toldTo(home).at(-1), toldTo(roomAt)]).toEqual([DISCONNECT, [JOIN, JOIN, DISCONNECT]]);
    reporter.reportAll(roomAt);
    await reporter.flush();
    expect(toldTo(roomAt)).toEqual([JOIN, JOIN, DISCONNECT]);
  });

  it('[PRS-2] let go at once of who was lost and is a member of nothing', async () => {
    const { reporter, session, toldTo } = createRig();
    await reporter.flush();
    reporter.disconnected(session, true);
    await turn();
    expect(toldTo(home)).toEqual([CONNECT, DISCONNECT]);
  });

  it('[PRS-1] tell a new status to the partition of the tenant and of every room', async () => {
    const { reporter, session, toldTo } = createRig();
    await reporter.flush();
    session.subscriptions.set(`${room}:general`, testSubscription(room, 'general'));
    session.status = 'away';
    await reporter.updated(session);
    expect([toldTo(home).at(-1), toldTo(roomAt).at(-1)]).toEqual([UPDATE, UPDATE]);
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
