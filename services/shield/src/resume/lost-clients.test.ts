import type { ClientId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestSession } from '../session/session-rig.ts';
import { AbsentClients } from './absent-clients.ts';
import { isResumable } from './is-resumable.ts';
import { LostClients } from './lost-clients.ts';

function createLost(windowMs: number) {
  const clock = { nowMs: 0 };
  return { clock, lost: new LostClients(windowMs, () => clock.nowMs) };
}

describe('clients that were lost', () => {
  it('[PRT-7] may be resumed within the window, in their tenant and as what they were', () => {
    const { clock, lost } = createLost(1_000);
    const { session } = createTestSession({ tenant: 'acme' });
    session.generation = 2;
    lost.add(session);
    expect(lost.has('acme', session.clientId, 2)).toBe(true);
    expect([lost.has('globex', session.clientId, 2), lost.has('acme', session.clientId, 1)]).toEqual([false, false]);
    clock.nowMs = 1_000;
    expect([lost.has('acme', session.clientId, 2), lost.size()]).toEqual([true, 1]);
    clock.nowMs = 1_001;
    expect([lost.has('acme', session.clientId, 2), lost.size()]).toEqual([false, 0]);
  });

  it('[PRT-7] are forgotten once they are resumed, and nobody is kept where nobody may', () => {
    const { lost } = createLost(1_000);
    const { session } = createTestSession();
    lost.add(session);
    lost.delete(session.clientId);
    expect(lost.has(session.tenant, session.clientId, 0)).toBe(false);
    const { lost: none } = createLost(0);
    none.add(session);
    expect(none.size()).toBe(0);
  });

  it('[PRT-7] are the 100,000 newest', () => {
    const { lost } = createLost(1_000);
    const { session } = createTestSession();
    const idOf = (index: number): ClientId => `n1_${index}` as ClientId;
    for (let index = 0; index <= 100_000; index++) {
      lost.add({ tenant: session.tenant, generation: 0, clientId: idOf(index) });
    }
    expect(lost.size()).toBe(100_000);
    expect([lost.has('acme', idOf(0), 0), lost.has('acme', idOf(1), 0)]).toEqual([false, true]);
  });

  it.each([
    [1000, false],
    [1001, true],
    [1005, false],
    [1006, true],
    [1012, true],
    [4401, true],
    [4403, false],
    [4408, true],
    [4409, true],
  ])('[PRT-7] after a close %i: %s', (code, expected) => {
    expect(isResumable(code)).toBe(expected);
  });
});

describe('clients that may be elsewhere', () => {
  it('[PRT-17] are those that were born here and were not seen to end', () => {
    const absent = new AbsentClients('n1');
    absent.add('n1_a' as ClientId);
    absent.add('n2_b' as ClientId);
    expect(['n1_a', 'n2_b', 'n1_never'].map((id) => absent.mayBeElsewhere(id))).toEqual([true, false, false]);
    absent.delete('n1_a' as ClientId);
    expect(absent.mayBeElsewhere('n1_a')).toBe(false);
  });

  it('[PRT-17] are all, once there were more than are kept', () => {
    const absent = new AbsentClients('n1');
    for (let index = 0; index <= 100_000; index++) absent.add(`n1_${index}` as ClientId);
    expect(absent.mayBeElsewhere('n1_0')).toBe(true);
  });
});
