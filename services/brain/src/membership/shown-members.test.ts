import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import { connect, disconnect, join } from '../testing/brain-fixture.ts';
import type { ChangeInit } from '../testing/brain-fixture.ts';
import { createReportsFixture, first } from './reports-fixture.ts';

describe('what members show of themselves', () => {
  const described = (kind: MembershipChange_Kind, status: string, meta = '', own = ''): ChangeInit => {
    const member = { clientId: 'n1_a', user: 'alice', status, meta: bytes(meta) };
    const place = kind === MembershipChange_Kind.JOIN ? { room: 'lab', channel: 'bench', meta: bytes(own) } : {};
    return { kind, tenant: 'acme', clientId: 'n1_a', member, ...place };
  };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('[PRS-1] tells every channel of a client that shows itself in another way, and nobody of the same', () => {
    const { take, updated } = createReportsFixture();
    take({ ...first, changes: [...first.changes, join('acme', 'n1_a', 'lab', 'roof')] });
    take({ ...first, number: 2, snapshot: false, changes: [described(MembershipChange_Kind.UPDATE, 'away')] });
    expect(updated.toSorted()).toEqual([
      'acme/lab:*/n1_a away ',
      'acme/lab:bench/n1_a away ',
      'acme/lab:roof/n1_a away ',
    ]);
    const told = described(MembershipChange_Kind.JOIN, 'away');
    take({ ...first, number: 3, changes: [described(MembershipChange_Kind.CONNECT, 'away'), told] });
    expect(updated.length).toBe(3);
  });

  it('[PRS-1] shows a meta of its own in one channel, until a new one is set for all', () => {
    const { take, updated } = createReportsFixture();
    take({ ...first, changes: [...first.changes, join('acme', 'n1_a', 'lab', 'roof')] });
    take({
      ...first,
      number: 2,
      snapshot: false,
      changes: [described(MembershipChange_Kind.JOIN, '', '', '{"seat":4}')],
    });
    expect(updated).toEqual(['acme/lab:bench/n1_a  {"seat":4}']);
    const all = described(MembershipChange_Kind.UPDATE, 'here', '{"seat":5}');
    take({ ...first, number: 3, snapshot: false, changes: [all] });
    expect(updated.slice(1).toSorted()).toEqual([
      'acme/lab:*/n1_a here {"seat":5}',
      'acme/lab:bench/n1_a here {"seat":5}',
      'acme/lab:roof/n1_a here {"seat":5}',
    ]);
  });

  it('[PRS-2] counts a lost connection no more, but keeps its memberships until it is said to be gone', () => {
    const { take, ids, state } = createReportsFixture();
    take(first);
    const linger = { kind: MembershipChange_Kind.LINGER, tenant: 'acme', clientId: 'n1_a' };
    take({ ...first, number: 2, snapshot: false, changes: [linger] });
    expect([state.connections('acme' as TenantId), ids('acme', 'lab', 'bench')]).toEqual([0, ['n1_a']]);
    take({ ...first, number: 3, snapshot: false, changes: [disconnect('acme', 'n1_a')] });
    expect(ids('acme', 'lab', 'bench')).toEqual([]);
    take({
      ...first,
      number: 4,
      snapshot: false,
      changes: [connect('acme', 'n1_b', 'bob'), { ...linger, clientId: 'n1_b' }],
    });
    expect(state.find('acme' as TenantId, 'n1_b')).toBeUndefined();
  });
});
