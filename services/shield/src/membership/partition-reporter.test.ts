import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { createTestSession, turn } from '../session/session-rig.ts';
import { connectOf, disconnectOf, joinOf, leaveOf } from './membership-changes.ts';
import { PartitionReporter } from './partition-reporter.ts';

const { CONNECT, JOIN, LEAVE, DISCONNECT } = MembershipChange_Kind;
const { session } = createTestSession();

function createRig() {
  const reports: MembershipReport[] = [];
  const errors: unknown[] = [];
  const rig = { isAway: false, wantsSnapshot: false, all: [] as MembershipChange[] };
  const reporter = new PartitionReporter({
    node: 'n0a1b2c3d4e5f',
    startedAtMs: 1_772_357_400_000,
    partition: 7,
    snapshot: () => rig.all,
    send: (report) => {
      if (rig.isAway) return Promise.reject(new Error('no Brain'));
      reports.push(report);
      return Promise.resolve(rig.wantsSnapshot);
    },
    onError: (error) => errors.push(error),
  });
  const kinds = () =>
    reports.map(({ number, snapshot, changes }) => [Number(number), snapshot, changes.map(({ kind }) => kind)]);
  return { reports, errors, rig, reporter, kinds };
}

describe('reports of one partition', () => {
  it('[PRS-2] are numbered, begin with a snapshot, and carry the changes of a turn together', async () => {
    const { reporter, kinds, rig } = createRig();
    rig.all = [connectOf(session)];
    reporter.add(connectOf(session));
    await turn();
    for (const change of [joinOf(session, 'science', 'general'), leaveOf(session, 'science', 'general')])
      reporter.add(change);
    await turn();
    reporter.add(disconnectOf(session));
    await turn();
    expect(kinds()).toEqual([
      [1, true, [CONNECT]],
      [2, false, [JOIN, LEAVE]],
      [3, false, [DISCONNECT]],
    ]);
  });

  it('[PRS-2] are signs of life when nothing changed', async () => {
    const { reporter, kinds, reports } = createRig();
    reporter.report();
    reporter.report();
    await reporter.told();
    expect(kinds()).toEqual([
      [1, true, []],
      [2, false, []],
    ]);
    expect(reports[0]).toMatchObject({ partition: 7, node: 'n0a1b2c3d4e5f' });
  });

  it('[PRS-2] follow a failure with a snapshot of everything, and keep nothing for a Brain that is away', async () => {
    const { reporter, kinds, errors, rig } = createRig();
    reporter.report();
    await reporter.told();
    rig.isAway = true;
    reporter.add(joinOf(session, 'science', 'general'));
    await reporter.told();
    expect([errors.length, reporter.isHeard]).toEqual([1, false]);
    for (let i = 0; i < 100; i++) reporter.add(joinOf(session, 'science', `c${i}`));
    // Whoever joins does not wait for a Brain that is away.
    await reporter.told();
    await turn();
    expect(errors).toHaveLength(1);
    rig.isAway = false;
    rig.all = [connectOf(session), joinOf(session, 'science', 'general')];
    reporter.report();
    await turn();
    expect(kinds().at(-1)).toEqual([3, true, [CONNECT, JOIN]]);
    expect(reporter.isHeard).toBe(true);
  });

  it('[PRS-2] answer with a snapshot when the Brain asks, and not in a loop', async () => {
    const { reporter, kinds, rig } = createRig();
    rig.all = [connectOf(session)];
    reporter.report();
    await reporter.told();
    rig.wantsSnapshot = true;
    reporter.report();
    await reporter.told();
    expect(kinds().slice(1)).toEqual([
      [2, false, []],
      [3, true, [CONNECT]],
    ]);
    rig.wantsSnapshot = false;
    reporter.report();
    reporter.report();
    await reporter.told();
    expect(kinds().slice(3)).toEqual([
      [4, true, [CONNECT]],
      [5, false, []],
    ]);
  });

  it('[PRS-4] are cut into pages: a snapshot whose last one carries it out, and deltas that follow each other', async () => {
    const { reporter, reports, rig } = createRig();
    rig.all = Array.from({ length: 1_200 }, (_, n) => joinOf(session, 'science', `c${n}`));
    reporter.reportAll();
    await reporter.told();
    const shape = reports.map(({ number, snapshot, changes, page, more }) => [
      number,
      snapshot,
      changes.length,
      page,
      more,
    ]);
    expect(shape).toEqual([
      [1n, true, 500, 0, true],
      [2n, true, 500, 1, true],
      [3n, true, 200, 2, false],
    ]);
    for (const change of rig.all.slice(0, 501)) reporter.add(change);
    await reporter.told();
    expect(reports.slice(3).map(({ number, snapshot, changes }) => [number, snapshot, changes.length])).toEqual([
      [4n, false, 500],
      [5n, false, 1],
    ]);
  });
});
