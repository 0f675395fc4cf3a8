import type { TenantId } from '@arqonbus/protocol';
import { GrantSetRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore, grantKey } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createTestClock, createTestSession, turn } from '../session/session-rig.ts';
import type { TestSessionOptions } from '../session/session-rig.ts';
import type { Session } from '../session/session.ts';
import { followGrants } from './follow-grants.ts';
import type { FollowedGrants } from './follow-grants.ts';

type GrantInit = readonly [
  action: string,
  pattern: string,
  more?: { readonly deny?: boolean; readonly expiresAtMs?: bigint },
];

interface Rig {
  readonly followed: FollowedGrants;
  readonly judged: Session[];
  readonly clock: ReturnType<typeof createTestClock>;
  /** Puts a subject's grants in the place of those it has. */
  put(tenant: string, subject: string, ...grants: readonly GrantInit[]): Promise<void>;
  write(tenant: string, subject: string, value: Uint8Array): Promise<void>;
  connect(options?: TestSessionOptions): Session;
}

async function createRig(accessDefault: 'open' | 'closed' = 'open'): Promise<Rig> {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_GRANTS');
  const clock = createTestClock();
  const sessions: Session[] = [];
  const judged: Session[] = [];
  const followed = followGrants({
    bucket,
    sessions: { all: () => sessions },
    access: { default: accessDefault },
    now: () => clock.now(),
    leaveForbidden: (session) => void judged.push(session),
  });
  await followed.grants.ready;
  const write = async (tenant: string, subject: string, value: Uint8Array): Promise<void> => {
    const key = grantKey(tenant as TenantId, subject);
    const known = await bucket.get(key);
    await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
    await turn();
    await turn();
  };
  return {
    followed,
    judged,
    clock,
    write,
    put: (tenant, subject, ...grants) => {
      const list = grants.map(([action, pattern, more = {}]) => ({ subject, action, pattern, ...more }));
      return write(tenant, subject, toBinary(GrantSetRecordSchema, create(GrantSetRecordSchema, { grants: list })));
    },
    connect: (options = {}) => {
      const { session } = createTestSession({ clock, ...options });
      session.rights = followed.rights.of(session.principal);
      sessions.push(session);
      return session;
    },
  };
}

const may = (session: Session, action: 'join' | 'publish' | 'admin' = 'join', room = 'science'): boolean =>
  session.rights.may(action, room, 'general');

describe('grants at a Shield', () => {
  it('[PRM-2] [PRM-3] bind open sessions of their subject and tenant at once, and nobody else', async () => {
    const { put, connect, judged } = await createRig();
    const bob = connect({ user: 'bob' });
    const ann = connect({ user: 'ann' });
    const foreign = connect({ user: 'bob', tenant: 'globex' });
    await put('acme', 'user:bob', ['join', 'science:*', { deny: true }]);
    expect([bob, ann, foreign].map((session) => may(session))).toEqual([false, true, true]);
    expect(may(bob, 'publish')).toBe(true);
    expect(judged).toContain(bob);
    expect(judged).not.toContain(foreign);
    await put('acme', 'user:bob');
    expect(may(bob)).toBe(true);
  });

  it('[PRM-2] open what is closed to users, roles and capabilities, each as far as it goes', async () => {
    const { put, connect, followed } = await createRig('closed');
    const bob = connect({ user: 'bob' });
    expect(may(bob)).toBe(false);
    await put('acme', 'user:bob', ['join', 'science:*']);
    await put('acme', 'role:user', ['publish', '*']);
    await put('acme', 'capability:trade', ['*', 'market:*']);
    expect([may(bob), may(bob, 'publish'), may(bob, 'join', 'market')]).toEqual([true, true, false]);
    const trader = followed.rights.of({ ...bob.principal, capabilities: ['trade'] });
    expect(trader.may('join', 'market', 'gold')).toBe(true);
    expect(trader.may('admin', 'market', 'gold')).toBe(false);
    expect(bob.rights.hasGrant('publish', 'science', 'general')).toBe(true);
  });

  it('[PRM-2] let a denial win over the token, and the token over the role', async () => {
    const { put, connect, followed } = await createRig();
    const bob = connect({ user: 'bob' });
    const permissions = [{ action: 'join', pattern: 'science:*', effect: 'allow' }] as const;
    await put('acme', 'role:user', ['join', 'science:general', { deny: true }]);
    const rights = followed.rights.of({ ...bob.principal, permissions });
    expect([rights.may('join', 'science', 'general'), rights.may('join', 'science', 'explore')]).toEqual([false, true]);
    const narrowed = followed.rights.of({ ...bob.principal, permissions: [{ ...permissions[0], effect: 'deny' }] });
    expect(narrowed.may('join', 'science', 'explore')).toBe(false);
  });

  it('[PRM-2] end when they expire, within a sweep', async () => {
    const { put, connect, clock, followed } = await createRig();
    const bob = connect({ user: 'bob' });
    await put('acme', 'user:bob', ['join', '*', { deny: true, expiresAtMs: BigInt(clock.now() + 60_000) }]);
    clock.advance(59_999);
    followed.sweep();
    await turn();
    expect(may(bob)).toBe(false);
    clock.advance(1);
    followed.sweep();
    await turn();
    expect(may(bob)).toBe(true);
    expect(may(connect({ user: 'bob' }))).toBe(true);
  });

  it.each([
    ['is no record', Uint8Array.of(0x0a, 0xff)],
    [
      'names an action of another version',
      toBinary(GrantSetRecordSchema, create(GrantSetRecordSchema, { grants: [{ action: 'fly', pattern: '*' }] })),
    ],
  ])('[PRD-6] deny everything where what was written %s', async (_what, value) => {
    const { write, connect } = await createRig();
    const bob = connect({ user: 'bob' });
    await write('acme', 'user:bob', value);
    expect([may(bob), may(bob, 'publish'), may(connect({ user: 'ann' }))]).toEqual([false, false, true]);
  });

  it('[ARC-14] share one object among sessions of the same subjects, until something changes', async () => {
    const { put, connect } = await createRig();
    await put('acme', 'role:user', ['manage', 'science:*']);
    const [bob, ann] = [connect({ user: 'bob' }), connect({ user: 'ann' })];
    expect(ann.rights).toBe(bob.rights);
    await put('acme', 'role:user', ['manage', 'art:*']);
    expect(ann.rights).toBe(bob.rights);
    expect(ann.rights.may('manage', 'art', 'x')).toBe(true);
  });
});
