import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import { connect, disconnect, join, leave } from '../testing/brain-fixture.ts';
import type { ChangeInit } from '../testing/brain-fixture.ts';
import type { Report } from './naive-membership.ts';
import { createReportsFixture, first } from './reports-fixture.ts';
import type { ReportsFixture } from './reports-fixture.ts';

const acme = 'acme' as TenantId;

/** The same, as the client that was resumed so many times. */
function as(generation: number, ...changes: readonly ChangeInit[]): readonly ChangeInit[] {
  return changes.map((change) => ({ ...change, generation }));
}

const back = [connect('acme', 'n1_a', 'alice'), join('acme', 'n1_a', 'lab', 'bench')];
const linger: ChangeInit = { kind: MembershipChange_Kind.LINGER, tenant: 'acme', clientId: 'n1_a' };

/** A client in bench and roof of the first Shield; what is told from then on. */
function createLost(): ReportsFixture & {
  n1(changes: readonly ChangeInit[]): void;
  n2(changes: readonly ChangeInit[]): void;
} {
  const fixture = createReportsFixture();
  const reporter = (node: string, start: readonly ChangeInit[]): ((changes: readonly ChangeInit[]) => void) => {
    let number = 1;
    const report = (changes: readonly ChangeInit[], snapshot: boolean): Report => ({
      ...first,
      node,
      number: number++,
      snapshot,
      changes,
    });
    fixture.take(report(start, true));
    return (changes) => void fixture.take(report(changes, false));
  };
  const n1 = reporter('n1', [...first.changes, join('acme', 'n1_a', 'lab', 'roof')]);
  return { ...fixture, n1, n2: reporter('n2', []) };
}

describe('members that are resumed', () => {
  it('[PRS-2] [PRT-7] stay where they are, without a leave or a join, and leave what they do not take up', () => {
    const { n1, n2, ids, state, changes } = createLost();
    n1([linger]);
    changes.length = 0;
    n2(as(1, ...back));
    expect([ids('acme', 'lab', 'bench'), ids('acme', 'lab', 'roof'), changes]).toEqual([['n1_a'], ['n1_a'], []]);
    n1([disconnect('acme', 'n1_a')]);
    expect([ids('acme', 'lab', 'bench'), ids('acme', 'lab', 'roof')]).toEqual([['n1_a'], []]);
    expect(changes).toEqual(['-acme/lab:roof/n1_a']);
    expect([state.connections(acme), state.find(acme, 'n1_a')?.node]).toEqual([1, 'n2']);
  });

  it('[PRS-2] [PRT-7] are what the newest Shield says, whatever the one before says later', () => {
    const { n1, n2, ids, state, replaced } = createLost();
    n2(as(1, ...back));
    expect(replaced).toEqual(['n1_a 1']);
    n1([linger, leave('acme', 'n1_a', 'lab', 'bench'), join('acme', 'n1_a', 'lab', 'cellar')]);
    expect([ids('acme', 'lab', 'bench'), ids('acme', 'lab', 'cellar')]).toEqual([['n1_a'], []]);
    n1([connect('acme', 'n1_a', 'alice')]);
    expect(replaced).toEqual(['n1_a 1', 'n1_a 1']);
    expect([state.connections(acme), state.find(acme, 'n1_a')?.node]).toEqual([1, 'n2']);
  });

  it('[PRS-2] [PRT-7] are not taken back by a snapshot of a Shield that was cut off, which is told', () => {
    const { n2, take, ids, replaced, state } = createLost();
    n2(as(1, ...back));
    take({ ...first, number: 2 });
    expect([ids('acme', 'lab', 'bench'), state.find(acme, 'n1_a')?.node]).toEqual([['n1_a'], 'n2']);
    expect(replaced).toEqual(['n1_a 1', 'n1_a 1']);
    // Its next snapshot does not name the client any more: what was not taken up goes.
    take({ ...first, number: 3, changes: [] });
    expect([ids('acme', 'lab', 'bench'), ids('acme', 'lab', 'roof')]).toEqual([['n1_a'], []]);
  });

  it('[PRS-2] [PRT-7] leave what they did not take up with the lease of a Shield that was killed', () => {
    const { n2, pass, reports, ids } = createLost();
    pass(9_000);
    n2(as(1, ...back));
    expect(ids('acme', 'lab', 'roof')).toEqual(['n1_a']);
    pass(1_000);
    reports.sweep();
    expect([ids('acme', 'lab', 'bench'), ids('acme', 'lab', 'roof')]).toEqual([['n1_a'], []]);
  });

  it('[PRS-2] [PRT-7] stay on the same Shield too, which speaks of them as of both generations for a while', () => {
    const { n1, take, ids, changes } = createLost();
    n1([linger, ...as(1, ...back)]);
    const snapshot = [...as(1, ...back), ...first.changes, join('acme', 'n1_a', 'lab', 'roof')];
    changes.length = 0;
    take({ ...first, number: 3, snapshot: true, changes: snapshot });
    n1([]);
    expect([ids('acme', 'lab', 'bench'), changes]).toEqual([['n1_a'], ['-acme/lab:roof/n1_a']]);
    take({ ...first, number: 4, snapshot: false, changes: [disconnect('acme', 'n1_a')] });
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    take({ ...first, number: 5, snapshot: false, changes: as(1, disconnect('acme', 'n1_a')) });
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
  });

  it('[PRS-2] [PRT-7] tell what they show in another way, and leave a channel that they are refused', () => {
    const { n2, updated, ids } = createLost();
    const [{ member = {} } = {}] = back;
    const away = back.map((change) => ({ ...change, member: { ...member, status: 'away' } }) as ChangeInit);
    n2(as(1, ...away, leave('acme', 'n1_a', 'lab', 'roof')));
    expect(updated).toContain('acme/lab:bench/n1_a away ');
    expect(ids('acme', 'lab', 'roof')).toEqual([]);
  });
});
