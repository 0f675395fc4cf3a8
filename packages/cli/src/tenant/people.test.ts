import { BusError } from '@arqonbus/sdk';
import { describe, expect, it } from 'vitest';
import { peopleOf } from './people.ts';
import { openRolesOf } from './shut-out.ts';
import type { Ask, Kind } from './step.ts';

type Answers = Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => object>>;

/** A bus that answers these commands, and has nothing else. */
function busWith(answers: Answers): { readonly ask: Ask; readonly given: (readonly [string, object])[] } {
  const given: (readonly [string, object])[] = [];
  const ask = async (name: string, args: object): Promise<object> => {
    const answer = answers[name];
    if (!name.endsWith('list') && !name.startsWith('list') && name !== 'presence') given.push([name, args]);
    return answer === undefined ? { items: [] } : answer({ ...args });
  };
  return { ask: ask as unknown as Ask, given };
}

const options = { self: 'root', keep: ['second'], named: ['ghost'], banForMs: 1_000 };

async function idsOf(kind: Kind): Promise<readonly string[]> {
  return (await kind.list()).map(({ id }) => id);
}

describe('people of a tenant that is erased', () => {
  const members = [
    { client_id: 'c1', user: 'alice' },
    { client_id: 'c2', user: 'alice' },
    { client_id: 'c3', user: 'root' },
    { client_id: 'c4', user: 'second' },
  ];
  const answers: Answers = {
    list_rooms: () => ({
      rooms: [
        { room: 'closed', members: 1 },
        { room: 'lab', members: 3 },
        { room: 'empty', members: 0 },
      ],
    }),
    presence: ({ room }) => {
      if (room !== 'lab') throw new BusError('AUTHORIZATION_ERROR');
      return { members };
    },
    'op.cron.list': () => ({ items: [{ owner: 'robot' }] }),
    'op.webhook.list': () => ({ items: [{ owner: 'banned' }] }),
    'operator.list': () => ({ items: [{ user: 'ben' }] }),
    'op.ban.list': () => ({ items: [{ user: 'banned' }] }),
    'op.session.disconnect': () => ({ disconnected: 1 }),
  };

  it('[T-15] [AUT-5] are all that anything names, each once, but for who erases it and whom that one keeps', async () => {
    const { ask, given } = busWith(answers);
    const things = await peopleOf(ask, options).list();
    expect(things.map(({ id }) => id)).toEqual(['alice', 'ben', 'ghost', 'robot', 'client c3', 'in closed']);
    for (const { remove } of things.slice(0, -1)) await remove();
    const reason = 'The tenant is erased.';
    expect(given.at(0)).toEqual(['op.session.disconnect', { user: 'alice', ban_for_ms: 1_000, reason }]);
    expect(given.at(-1)).toEqual(['op.session.disconnect', { client_id: 'c3', reason }]);
    await expect(things.at(-1)?.remove()).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  });

  it('[T-15] [AUT-5] are not forgotten when what named them is gone, until they are banned', async () => {
    let jobs: readonly object[] = [{ owner: 'robot' }];
    let bans: readonly object[] = [];
    const { ask } = busWith({
      list_rooms: () => ({ rooms: [] }),
      'op.cron.list': () => ({ items: jobs }),
      'op.ban.list': () => ({ items: bans }),
    });
    const people = peopleOf(ask, { ...options, named: [] });
    expect(await idsOf(people)).toEqual(['robot']);
    jobs = [];
    expect(await idsOf(people)).toEqual(['robot']);
    bans = [{ user: 'robot' }];
    expect(await idsOf(people)).toEqual([]);
  });
});

describe('roles that are shut out', () => {
  const untilMs = Date.UTC(2026, 11, 26);
  const deny = { action: '*', pattern: '*', effect: 'deny' };
  const at = (ms: number): string => new Date(ms).toISOString();

  it('[T-15] [PRM-4] are those who are denied everything for long enough', async () => {
    const grants = [
      { ...deny, subject: 'role:guest', expires_at: at(untilMs - 30_000) },
      { ...deny, subject: 'role:user', expires_at: at(untilMs - 3_600_000) },
      { ...deny, subject: 'role:moderator' },
    ];
    const { ask, given } = busWith({ 'op.grant.list': () => ({ items: grants }), 'op.grant.put': () => ({}) });
    const things = await openRolesOf(ask, untilMs).list();
    expect(things.map(({ id }) => id)).toEqual(['role:user', 'role:moderator']);
    await things[0]?.remove();
    expect(given).toEqual([['op.grant.put', { ...deny, subject: 'role:user', expires_at: at(untilMs) }]]);
  });
});
