import {
  MemberSchema,
  PresenceChangeSchema,
  PresenceListResultSchema,
  create,
} from '@arqonbus/protocol/spine-messages';
import type { Member, PresenceChange, PresenceListResult } from '@arqonbus/protocol/spine-messages';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presencePayloads } from './presence-event.ts';
import { PresenceList } from './presence-list.ts';
import type { PresenceNews } from './presence-list.ts';

function member(clientId: string, status = ''): Member {
  return create(MemberSchema, { clientId, user: clientId[0] ?? '', clientType: 'human', status });
}

interface Init {
  readonly number: number;
  readonly prev?: number;
  readonly tenure?: string;
  readonly joins?: readonly Member[];
  readonly leaves?: readonly string[];
  readonly updates?: readonly Member[];
  readonly total?: number;
  readonly countsOnly?: boolean;
}

function change({
  number,
  prev = number - 1,
  tenure = 't1',
  total = 0,
  countsOnly = false,
  ...init
}: Init): PresenceChange {
  const { joins = [], leaves = [], updates = [] } = init;
  const lists = { joins: [...joins], leaves: [...leaves], updates: [...updates] };
  return create(PresenceChangeSchema, {
    number: BigInt(number),
    prevNumber: BigInt(prev),
    tenure,
    total,
    countsOnly,
    ...lists,
  });
}

function listed(number: number, ids: readonly string[], more: Partial<PresenceListResult> = {}): PresenceListResult {
  const members = ids.map((id) => member(id));
  return create(PresenceListResultSchema, {
    tenure: 't1',
    number: BigInt(number),
    members,
    total: ids.length,
    ...more,
  });
}

function ids(list: PresenceList): string[] {
  return list.members().map(({ clientId }) => clientId);
}

function known(...clients: string[]): PresenceList {
  const list = new PresenceList();
  list.replace(listed(0, clients));
  return list;
}

describe('PresenceList', () => {
  it('[PRS-1] tells of a change what is new, and of nobody twice', () => {
    const list = known('a1');
    const joins = [member('a1'), member('b1')];
    const news = list.apply(change({ number: 1, joins, leaves: ['c1'], updates: [member('c1')], total: 2 }));
    expect(news).toMatchObject({ joins: [{ clientId: 'b1' }], leaves: [], updates: [], total: 2 });
    expect(ids(list)).toEqual(['a1', 'b1']);
    expect(list.apply(change({ number: 1, joins: [member('x')] }))).toBe('known');
  });

  it.each([
    ['a number was missed', change({ number: 3, prev: 2 })],
    ['another owner counts', change({ number: 1, tenure: 't2' })],
  ])('[PRS-5] asks for the list when %s', (_, missed) => {
    const list = known('a1');
    expect(list.apply(missed)).toBe('missed');
    expect(ids(list)).toEqual(['a1']);
  });

  it('[PRS-5] tells of a list what is different, and passes an older one over', () => {
    const list = known('a1', 'b1');
    const news = list.replace(listed(7, ['b1', 'c1'], { tenure: 't2' }));
    expect(news).toMatchObject({
      joins: [{ clientId: 'c1' }],
      leaves: [{ clientId: 'a1' }],
      updates: [],
      isReset: false,
    });
    expect(list.replace(listed(6, [], { tenure: 't2' }))).toBeUndefined();
    expect(list.replace(listed(8, ['b1', 'c1'], { tenure: 't2' }))).toMatchObject({ joins: [], leaves: [] });
    const away = listed(9, [], { tenure: 't2', members: [member('b1', 'away'), member('c1')], total: 2 });
    expect(list.replace(away)).toMatchObject({ updates: [{ clientId: 'b1', status: 'away' }] });
  });

  it('[PRS-3] a user comes with its first connection and goes with its last, and neither where one follows the other', () => {
    const list = known('a1');
    const flags = (news: ReturnType<PresenceList['apply']>): string[][] => {
      const { usersCame, usersWent } = news as PresenceNews;
      return [[...usersCame], [...usersWent]];
    };
    expect(flags(list.apply(change({ number: 1, joins: [member('a2'), member('b1')] })))).toEqual([['b'], []]);
    expect(flags(list.apply(change({ number: 2, leaves: ['a1'] })))).toEqual([[], []]);
    expect(flags(list.apply(change({ number: 3, leaves: ['a2'], joins: [member('a3')] })))).toEqual([[], []]);
    expect(flags(list.apply(change({ number: 4, leaves: ['a3'] })))).toEqual([[], ['a']]);
  });

  it('[PRS-3] keeps nobody while only the number is told, and resets when names are told again', () => {
    const list = known('a1');
    const counted = list.apply(change({ number: 1, total: 900, countsOnly: true }));
    expect(counted).toMatchObject({ isCountsOnly: true, total: 900, joins: [] });
    expect([ids(list), list.total]).toEqual([[], 900]);
    expect(list.apply(change({ number: 2, prev: 0, leaves: ['z1'], total: 2 }))).toBe('missed');
    expect(list.replace(listed(2, ['a1', 'b1']))).toMatchObject({ isReset: true, joins: [{}, {}], total: 2 });
  });

  it('[PRS-5] after whatever was missed and asked for again, what was told adds up to what is there', () => {
    const step = fc.record({
      who: fc.constantFrom('a1', 'a2', 'b1', 'c1'),
      kind: fc.constantFrom('join', 'leave'),
      isLost: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [there, told, list] = [new Set<string>(), new Set<string>(), known()];
        const hear = (news: PresenceNews): void => {
          for (const { clientId } of news.joins) told.add(clientId);
          for (const { clientId } of news.leaves) told.delete(clientId);
        };
        for (const [index, { who, kind, isLost }] of steps.entries()) {
          if (kind === 'join') there.add(who);
          else there.delete(who);
          if (isLost) continue;
          const lists = kind === 'join' ? { joins: [member(who)] } : { leaves: [who] };
          const news = list.apply(change({ number: index + 1, total: there.size, ...lists }));
          const fresh = news === 'missed' ? list.replace(listed(index + 1, [...there])) : news;
          if (fresh !== undefined && fresh !== 'known') hear(fresh);
          expect(told).toEqual(there);
          expect(new Set(ids(list))).toEqual(there);
        }
      }),
    );
  });
});

describe('presence events', () => {
  it('[PRT-22] are cut into pages, the first of which resets', () => {
    const list = known(...Array.from({ length: 50 }, (_, index) => `u${index}`));
    const payloads = presencePayloads(list.whole(), 1_000);
    expect(payloads.length).toBeGreaterThan(3);
    expect(payloads.map(({ reset }) => reset === true)).toEqual(payloads.map((_, index) => index === 0));
    expect(payloads.flatMap(({ joins }) => joins).length).toBe(50);
    for (const payload of payloads) expect(JSON.stringify(payload).length).toBeLessThan(1_400);
  });

  it('[PRS-5] are not sent where nothing is new', () => {
    expect(presencePayloads(known('a1').apply(change({ number: 1 })) as PresenceNews, 1_000)).toEqual([]);
  });
});
