import { describe, expect, it } from 'vitest';
import { createSessionRegistry } from './session-registry.ts';
import { createTestSession } from './session-rig.ts';

describe('the session registry', () => {
  it('[PRT-27] finds sessions by client and by user, and counts them', () => {
    const sessions = createSessionRegistry();
    const { session: phone } = createTestSession({ user: 'ada' });
    const { session: laptop } = createTestSession({ user: 'ada' });
    sessions.add(phone);
    sessions.add(laptop);
    expect(sessions.get(phone.clientId)).toBe(phone);
    expect(sessions.ofUser('acme', 'ada')).toEqual([phone, laptop]);
    expect(sessions.countOfUser('acme', 'ada')).toBe(2);
    expect([...sessions.all()]).toEqual([phone, laptop]);
    expect(sessions.size()).toBe(2);
  });

  it('[AUT-4] keeps equal users of two tenants apart, whatever the users are called', () => {
    const sessions = createSessionRegistry();
    const { session } = createTestSession({ tenant: 'acme', user: 'x/ada' });
    sessions.add(session);
    expect(sessions.ofUser('globex', 'x/ada')).toEqual([]);
    expect(sessions.ofUser('acme', 'x/ada')).toEqual([session]);
    expect(sessions.countOfUser('acme', 'ada')).toBe(0);
  });

  it('[PRT-27] forgets a session once, and only that very one', () => {
    const sessions = createSessionRegistry();
    const { session: old } = createTestSession({ clientId: 'n0_1', user: 'ada' });
    const { session: current } = createTestSession({ clientId: 'n0_1', user: 'ada' });
    sessions.add(current);
    expect(sessions.remove(old)).toBe(false);
    expect(sessions.get('n0_1')).toBe(current);
    expect(sessions.remove(current)).toBe(true);
    expect(sessions.remove(current)).toBe(false);
    expect(sessions.size()).toBe(0);
    expect(sessions.countOfUser('acme', 'ada')).toBe(0);
  });

  it('[AUT-5] gives the sessions of a user as a copy, so that they may be closed on the way', () => {
    const sessions = createSessionRegistry();
    for (let i = 0; i < 3; i++) sessions.add(createTestSession({ user: 'ada' }).session);
    let seen = 0;
    for (const session of sessions.ofUser('acme', 'ada')) {
      sessions.remove(session);
      seen += 1;
    }
    expect(seen).toBe(3);
    expect(sessions.ofUser('acme', 'ada')).toEqual([]);
  });
});
