import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import { connect, disconnect, join, leave } from '../testing/brain-fixture.ts';
import type { ChangeInit } from '../testing/brain-fixture.ts';
import { LEASE_MS } from './membership-reports.ts';
import { CHANNELS, CLIENTS, NODES, TENANTS, createNaiveMembership } from './naive-membership.ts';
import { createReportsFixture, first } from './reports-fixture.ts';

const place = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  client: fc.constantFrom(...CLIENTS),
  target: fc.constantFrom(...CHANNELS),
});

const deltaChange = fc.tuple(fc.nat(9), place).map(([kind, { tenant, client, target }]): ChangeInit => {
  const [room = '', channel = ''] = target.split(':');
  if (kind < 3) return connect(tenant, client, 'alice');
  if (kind < 7) return join(tenant, client, room, channel);
  return kind < 9 ? leave(tenant, client, room, channel) : disconnect(tenant, client);
});

/** A snapshot names each client once: its connection, where it belongs to the partition, before its channels. */
const snapshotChanges = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...TENANTS), fc.constantFrom(...CLIENTS)), {
    selector: ([tenant, client]) => `${tenant}/${client}`,
  })
  .chain((clients) =>
    fc.tuple(
      ...clients.map(([tenant, client]) =>
        fc.tuple(fc.boolean(), fc.subarray([...CHANNELS])).map(([isConnected, targets]) => [
          ...(isConnected ? [connect(tenant, client, 'alice')] : []),
          ...targets.map((target) => {
            const [room = '', channel = ''] = target.split(':');
            return join(tenant, client, room, channel);
          }),
        ]),
      ),
    ),
  )
  .map((lists) => lists.flat());

/** `skip` moves the number: 1 is the next, more is a gap, less is stale. */
const reportStep = fc.record({
  node: fc.constantFrom(...NODES),
  skip: fc.constantFrom(1, 1, 1, 1, 2, 0, -1),
  isRestart: fc.constantFrom(false, false, false, false, false, true),
  content: fc.oneof(
    fc.array(deltaChange, { maxLength: 6 }).map((changes) => ({ snapshot: false, changes })),
    snapshotChanges.map((changes) => ({ snapshot: true, changes })),
  ),
});

const step = fc.oneof(
  { weight: 8, arbitrary: reportStep.map((report) => ({ report, passMs: 0 })) },
  { weight: 1, arbitrary: fc.nat(8_000).map((passMs) => ({ report: undefined, passMs })) },
);

describe('MembershipReports', () => {
  it('[PRS-2] agrees with a naive model under deltas, gaps, repeats, snapshots, restarts and lost leases', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const real = createReportsFixture();
        const naive = createNaiveMembership();
        const last = new Map<string, { startedAtMs: number; number: number }>();
        const wanted: [real: boolean, naive: boolean][] = [];
        for (const { report, passMs } of steps) {
          real.pass(passMs);
          naive.pass(passMs);
          real.reports.sweep();
          naive.sweep();
          if (report !== undefined) {
            const { node, skip, isRestart, content } = report;
            const before = last.get(node) ?? { startedAtMs: 1, number: 0 };
            const next = isRestart
              ? { startedAtMs: before.startedAtMs + 1, number: 1 }
              : { startedAtMs: before.startedAtMs, number: Math.max(0, before.number + skip) };
            last.set(node, next);
            wanted.push([real.take({ node, ...next, ...content }), naive.take({ node, ...next, ...content })]);
          }
          for (const [ofReal, ofNaive] of wanted) expect(ofReal).toBe(ofNaive);
          for (const tenant of TENANTS) {
            expect(real.state.connections(tenant as TenantId)).toBe(naive.connections(tenant));
            for (const target of ['lab:bench', 'lab:roof', 'science:bench']) {
              const [room = '', channel = ''] = target.split(':');
              expect(real.ids(tenant, room, channel)).toEqual(naive.in(tenant, target));
              expect(real.told(tenant, target)).toEqual(naive.in(tenant, target));
            }
            for (const room of ['lab', 'science']) {
              expect(real.ids(tenant, room, '*')).toEqual(naive.inRoom(tenant, room));
              expect(real.told(tenant, `${room}:*`)).toEqual(naive.inRoom(tenant, room));
            }
          }
          expect([...real.occupied].toSorted()).toEqual(naive.occupied().toSorted());
        }
      }),
      { numRuns: 150 },
    );
  });

  it('[PRS-2] wants a snapshot of a node that it does not know, and after a missing report', () => {
    const { take, ids } = createReportsFixture();
    expect(take({ ...first, snapshot: false })).toBe(true);
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
    expect(take({ ...first, number: 2 })).toBe(false);
    const changes = [leave('acme', 'n1_a', 'lab', 'bench')];
    expect(take({ ...first, number: 4, snapshot: false, changes })).toBe(true);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    expect(take({ ...first, number: 5, changes: [] })).toBe(false);
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
  });

  it('[PRS-2] drops reports that come again, or from an earlier start of the Shield', () => {
    const { take, ids } = createReportsFixture();
    take(first);
    expect(take({ ...first, changes: [] })).toBe(false);
    expect(take({ ...first, startedAtMs: 4, number: 99, changes: [] })).toBe(false);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    expect(take({ ...first, startedAtMs: 6, number: 1, changes: [] })).toBe(false);
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
  });

  it('[PRS-2] forgets the members of a Shield that is silent for 10 s; an empty report is a sign of life', () => {
    const { take, ids, pass, reports } = createReportsFixture();
    take(first);
    pass(9_999);
    reports.sweep();
    expect(take({ ...first, number: 2, snapshot: false, changes: [] })).toBe(false);
    pass(9_999);
    reports.sweep();
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    pass(1);
    reports.sweep();
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
    expect(take({ ...first, number: 3, snapshot: false, changes: [] })).toBe(true);
  });

  it('[PRT-7] gives a client to the Shield that connected it last; the old one cannot end it', () => {
    const { take, ids, pass, reports } = createReportsFixture();
    take(first);
    take({ ...first, node: 'n2' });
    take({ ...first, number: 2, snapshot: false, changes: [disconnect('acme', 'n1_a')] });
    take({ ...first, number: 3, changes: [] });
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    pass(LEASE_MS - 1);
    take({ ...first, node: 'n2', number: 2, snapshot: false, changes: [] });
    pass(1);
    reports.sweep();
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
  });

  it('[PRS-4] carries a snapshot in several reports out at its end, and none that lacks a page', () => {
    const { take, ids } = createReportsFixture();
    take(first);
    const page = (number: number, index: number, client: string, more: boolean) =>
      take({ ...first, number, page: index, more, changes: [join('acme', client, 'lab', 'bench')] });
    expect([page(2, 0, 'n1_b', true), page(3, 1, 'n1_c', true)]).toEqual([false, false]);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    expect(page(4, 2, 'n1_d', false)).toBe(false);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_b', 'n1_c', 'n1_d']);
    expect([page(5, 0, 'n1_e', true), page(7, 2, 'n1_g', false)]).toEqual([false, true]);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_b', 'n1_c', 'n1_d']);
    // Nor is a delta believed that comes in the middle.
    expect(page(8, 0, 'n1_h', true)).toBe(false);
    expect(take({ ...first, number: 9, snapshot: false })).toBe(true);
  });

  it('[PRS-2] believes nothing but snapshots once it is in doubt, and keeps what it knows until they come', () => {
    const { take, ids, reports } = createReportsFixture();
    take(first);
    expect(reports.isWhole('n1')).toBe(true);
    reports.doubt();
    expect([reports.isWhole('n1'), reports.isWhole('n2')]).toEqual([false, false]);
    expect(take({ ...first, number: 2, snapshot: false, changes: [disconnect('acme', 'n1_a')] })).toBe(true);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
    expect(take({ ...first, number: 3, changes: [] })).toBe(false);
    expect([ids('acme', 'lab', 'bench'), reports.isWhole('n1')]).toEqual([[], true]);
  });

  it('[PRS-1] sees nobody leave or join when a snapshot says what is known', () => {
    const { take, occupied, state } = createReportsFixture();
    take(first);
    const client = state.find('acme' as TenantId, 'n1_a');
    take({ ...first, number: 9 });
    expect([...occupied]).toEqual(['acme/lab:bench']);
    expect(state.find('acme' as TenantId, 'n1_a')).toBe(client);
  });

  it('[SPN-3] leaves out changes that are malformed or about nobody, and counts them', () => {
    const { take, ids, reports } = createReportsFixture();
    const bad: ChangeInit[] = [
      connect('a.*', 'n1_x', 'mallory'),
      connect('acme', '', 'mallory'),
      connect('acme', 'n1_x', ''),
      { kind: MembershipChange_Kind.CONNECT, tenant: 'acme', clientId: 'n1_x' },
      { ...join('acme', 'n1_nobody', 'lab', 'bench'), member: undefined },
      join('acme', 'n1_a', '>', 'bench'),
      { tenant: 'acme', clientId: 'n1_a' },
    ];
    take({ ...first, changes: [...first.changes, ...bad] });
    take({ ...first, number: 2, snapshot: false, changes: bad });
    expect(reports.ignoredChanges()).toBe(14);
    expect(ids('acme', 'lab', 'bench')).toEqual(['n1_a']);
  });

  it('[PRS-4] keeps nothing of those who are gone', () => {
    const { take, state } = createReportsFixture();
    take(first);
    take({ ...first, number: 2, snapshot: false, changes: [disconnect('acme', 'n1_a')] });
    expect(state.connections('acme' as TenantId)).toBe(0);
    expect(state.find('acme' as TenantId, 'n1_a')).toBeUndefined();
    expect(state.reportedBy('n1')).toEqual([]);
  });
});
