import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { MemberSchema, create } from '@arqonbus/protocol/spine-messages';
import { MembershipState } from './membership-state.ts';

const tenant = 'acme' as TenantId;

function createState(busyFrom: number): MembershipState {
  return new MembershipState(
    {
      onOccupied: () => undefined,
      onEmptied: () => undefined,
      onJoined: () => undefined,
      onLeft: () => undefined,
      onUpdated: () => undefined,
    },
    busyFrom,
  );
}

function connect(state: MembershipState, clientId: string, user: string): void {
  state.connect(tenant, 'n1', create(MemberSchema, { clientId, user, clientType: 'human' }));
}

function disconnect(state: MembershipState, clientId: string): void {
  const client = state.find(tenant, clientId);
  if (client !== undefined) state.disconnect(client);
}

describe('users with many connections', () => {
  it('[PRT-27] are those with as many as is said, whoever comes and goes in whatever order', () => {
    const change = fc.record({ isComing: fc.boolean(), client: fc.nat(9) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(change, { maxLength: 60 }), (busyFrom, changes) => {
        const state = createState(busyFrom);
        const open = new Set<number>();
        for (const { isComing, client } of changes) {
          if (isComing) connect(state, `n1_${client}`, `user-${client % 3}`);
          else disconnect(state, `n1_${client}`);
          open[isComing ? 'add' : 'delete'](client);
          const expected = [0, 1, 2]
            .map((user) => ({ user: `user-${user}`, connections: [...open].filter((one) => one % 3 === user).length }))
            .filter(({ connections }) => connections >= busyFrom);
          expect(state.busyUsers(tenant).toSorted((a, b) => (a.user < b.user ? -1 : 1))).toEqual(expected);
        }
      }),
    );
  });

  it('[PRT-27] L-02: are told at no cost for the others: each Shield asks for them every second', () => {
    const state = createState(2);
    for (let n = 0; n < 100_000; n++) connect(state, `n1_${n}`, `user-${n}`);
    for (let n = 0; n < 3; n++) connect(state, `n2_${n}`, `user-${n}`);
    const startedAt = performance.now();
    let told = 0;
    for (let n = 0; n < 1_000; n++) told += state.busyUsers(tenant).length;
    // Walking all users took 30 s here.
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(told).toBe(3_000);
  });
});
