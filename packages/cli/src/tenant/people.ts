import { listAll } from './listed-kind.ts';
import { roomsOf } from './places.ts';
import type { Ask, Kind, Thing } from './step.ts';

/** Who goes, and who does not. */
export interface PeopleOptions {
  /** Who has the tenant erased. */
  readonly self: string;
  /** Who is not banned either. */
  readonly keep: readonly string[];
  /** Users that nothing on the bus names. */
  readonly named: readonly string[];
  readonly banForMs: number;
}

const REASON = 'The tenant is erased.';

/**
 * Users who are in a room, in a work group, or own something that acts by itself: they are disconnected and banned. Other clients
 * of who has it erased are disconnected only.
 */
export function peopleOf(ask: Ask, { self, keep, named, banForMs }: PeopleOptions): Kind {
  const known = new Set(named);
  const isSpared = (user: string): boolean => user === self || keep.includes(user);
  const ban = (user: string): Thing => ({
    id: user,
    remove: () => ask('op.session.disconnect', { user, ban_for_ms: banForMs, reason: REASON }),
  });
  const cut = (clientId: string): Thing => ({
    id: `client ${clientId}`,
    remove: () => ask('op.session.disconnect', { client_id: clientId, reason: REASON }),
  });
  return {
    name: 'people',
    list: async () => {
      for (const owner of await ownersOf(ask)) known.add(owner);
      const { members, unseen } = await membersOf(ask);
      const bans = await listAll((more) => ask('op.ban.list', more));
      const banned = new Set(bans.map(({ user }) => user));
      const present = new Set([...members.values(), ...(await operatorsOf(ask))]);
      const going = [...present, ...[...known].filter((user) => !banned.has(user))];
      const own = [...members].filter(([, user]) => user === self).map(([clientId]) => cut(clientId));
      return [...[...new Set(going)].filter((user) => !isSpared(user)).map(ban), ...own, ...unseen];
    },
  };
}

async function ownersOf(ask: Ask): Promise<readonly string[]> {
  const jobs = await listAll((more) => ask('op.cron.list', more));
  const hooks = await listAll((more) => ask('op.webhook.list', more));
  return [...jobs, ...hooks].map(({ owner }) => owner);
}

async function operatorsOf(ask: Ask): Promise<readonly string[]> {
  return (await listAll((more) => ask('operator.list', more))).map(({ user }) => user);
}

interface Seen {
  /** Users by the clients that they are there with. */
  readonly members: ReadonlyMap<string, string>;
  /** Rooms in which nobody could be seen. */
  readonly unseen: readonly Thing[];
}

async function membersOf(ask: Ask): Promise<Seen> {
  const members = new Map<string, string>();
  const unseen: Thing[] = [];
  const occupied = (await roomsOf(ask)).filter((room) => room.members > 0);
  for (const { room } of occupied) {
    try {
      for (const { client_id: clientId, user } of await presentIn(ask, room)) members.set(clientId, user);
    } catch (error) {
      // A grant may stand in the way; it is gone with the next round, and everybody else need not wait for that.
      unseen.push({ id: `in ${room}`, remove: () => failWith(error) });
    }
  }
  return { members, unseen };
}

function presentIn(ask: Ask, room: string): Promise<readonly { readonly client_id: string; readonly user: string }[]> {
  return listAll(async (more) => {
    const { members, cursor } = await ask('presence', { room, channel: '*', ...more });
    return { items: members, ...(cursor === undefined ? {} : { cursor }) };
  });
}

async function failWith(error: unknown): Promise<never> {
  throw error;
}
