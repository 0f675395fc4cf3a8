import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenOrder } from '@arqonbus/auth';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Grants from outside: what administrators give and take, and how soon it binds who is connected where.

const WITHIN_MS = 1_000;
/** A busy machine is no fault of the bus. */
const BUSY_MS = 2_000;
const lab = { room: 'lab', channel: 'bench' };

let open: Bus;
let closed: Bus;
const clients: JsonClient[] = [];
let admin: JsonClient;

beforeAll(async () => {
  [open, closed] = await Promise.all([
    startBus(roomyLimits),
    startBus({ ...roomyLimits, ARQONBUS_ACCESS_DEFAULT: 'closed' }),
  ]);
  admin = await open.connect({ user: 'root', role: 'admin' });
});

afterAll(async () => {
  for (const client of clients) client.end();
  admin.end();
  await Promise.all([open.stop(), closed.stop()]);
});

interface AuditItem {
  readonly action: string;
  readonly phase: string;
  readonly target: string;
}

let counter = 0;
const freshUser = (): string => `user-${(counter += 1)}`;

async function connect(order: Partial<TokenOrder>, bus = open): Promise<JsonClient> {
  const client = await bus.connect(order);
  clients.push(client);
  return client;
}

async function grant(by: JsonClient, subject: string, wish: object): Promise<string> {
  const { grant_id: id } = await by.must('op.grant.put', { subject, effect: 'allow', pattern: 'lab:*', ...wish });
  return String(id);
}

async function code(client: JsonClient, name: string, args: object): Promise<string> {
  const { status, error_code: error = '' } = await client.command(name, args);
  return status === 'success' ? 'ok' : error;
}

async function published(client: JsonClient): Promise<string> {
  const { status, error_code: error = '' } = await client.publish('lab:bench', { text: 'hello' });
  return status === 'success' ? 'ok' : error;
}

const eventually = (what: () => Promise<string>, expected: string): Promise<void> =>
  expect.poll(what, { timeout: WITHIN_MS + BUSY_MS, interval: 10 }).toBe(expected);

describe('a denial', () => {
  test('[PRM-3] [A-12] ends running subscriptions, in time and told; nothing is delivered after that', async () => {
    const user = freshUser();
    // In a cluster they are at two Shields.
    const [first, second, other] = [await connect({ user }), await connect({ user }), await connect({ user: 'other' })];
    for (const client of [first, second, other]) await client.must('join_channel', lab);
    const startedMs = performance.now();
    await grant(admin, `user:${user}`, { action: 'join', effect: 'deny' });
    for (const client of [first, second]) {
      expect(await client.nextSystem('left')).toMatchObject({ payload: { ...lab, reason: 'rights' } });
    }
    expect(performance.now() - startedMs).toBeLessThan(WITHIN_MS + BUSY_MS);
    expect(await published(other)).toBe('ok');
    for (const client of [first, second]) {
      client.send({ id: 'arq_after-all', type: 'command', command: 'join_channel', args: lab });
      // What had been sent to it before this reply would have come before it.
      expect(await client.next(({ type }) => type !== 'system')).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
    }
  });

  test('[PRM-2] of publishing is felt by who is subscribed, wins over what allows it, and ends with the grant', async () => {
    const user = freshUser();
    const permissions = [{ action: 'publish', pattern: 'lab:*', effect: 'allow' }] as const;
    const writer = await connect({ user, permissions });
    await writer.must('join_channel', lab);
    expect(await published(writer)).toBe('ok');
    await grant(admin, `user:${user}`, { action: 'publish' });
    const denial = await grant(admin, `user:${user}`, { action: 'publish', effect: 'deny', pattern: '*:bench' });
    await eventually(() => published(writer), 'AUTHORIZATION_ERROR');
    expect(await admin.must('op.grant.delete', { grant_id: denial })).toEqual({ deleted: true });
    await eventually(() => published(writer), 'ok');
    expect(await admin.must('op.grant.delete', { grant_id: denial })).toEqual({ deleted: false });
  });

  test('[PRM-2] [T-10] of the past counts for what was said before it', async () => {
    const user = freshUser();
    const reader = await connect({ user });
    await reader.must('join_channel', lab);
    expect(await code(reader, 'history', lab)).toBe('ok');
    await grant(admin, `user:${user}`, { action: 'history', effect: 'deny' });
    await eventually(() => code(reader, 'history', lab), 'AUTHORIZATION_ERROR');
    expect(await code(reader, 'op.history.replay', lab)).toBe('AUTHORIZATION_ERROR');
  });
});

describe('what is given', () => {
  test('[PRM-2] goes to users, roles and capabilities of the own tenant alone', async () => {
    const guest = freshUser();
    const [here, foreign] = [
      await connect({ user: guest, role: 'guest', capabilities: ['lab-view'] }),
      await connect({ user: guest, role: 'guest', capabilities: ['lab-view'], tenant: 'globex' }),
    ];
    expect(await code(here, 'join_channel', lab)).toBe('AUTHORIZATION_ERROR');
    await grant(admin, 'capability:lab-view', { action: 'join' });
    await eventually(() => code(here, 'join_channel', lab), 'ok');
    await grant(admin, `user:${guest}`, { action: 'publish' });
    await eventually(() => published(here), 'ok');
    await grant(admin, 'role:guest', { action: 'history', pattern: 'lab:bench' });
    await eventually(() => code(here, 'history', lab), 'ok');
    for (const name of ['join_channel', 'history']) expect(await code(foreign, name, lab)).toBe('AUTHORIZATION_ERROR');
  });

  test('[PRM-2] ends when it expires', async () => {
    const guest = await connect({ user: freshUser(), role: 'guest' });
    const { user } = guest.welcome as { user: string };
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    await grant(admin, `user:${user}`, { action: 'join', expires_at: expiresAt });
    await eventually(() => code(guest, 'join_channel', lab), 'ok');
    await guest.nextSystem('left');
    expect(await code(guest, 'join_channel', lab)).toBe('AUTHORIZATION_ERROR');
  });

  test('[PRM-2] [PRM-3] is what opens a bus that is closed, also to who comes later', async () => {
    const root = await connect({ user: 'root', role: 'admin' }, closed);
    const user = freshUser();
    const member = await connect({ user }, closed);
    expect(await code(member, 'join_channel', lab)).toBe('AUTHORIZATION_ERROR');
    await grant(root, `user:${user}`, { action: '*' });
    await eventually(() => code(member, 'join_channel', lab), 'ok');
    expect(await published(member)).toBe('ok');
    expect(await code(member, 'op.grant.list', {})).toBe('AUTHORIZATION_ERROR');
    const later = await connect({ user }, closed);
    expect(await code(later, 'join_channel', lab)).toBe('ok');
    expect(await code(await connect({ user, tenant: 'globex' }, closed), 'join_channel', lab)).toBe(
      'AUTHORIZATION_ERROR',
    );
  });
});

describe('the commands', () => {
  test('[PRM-4] [AUD-1] [PRD-4] list and delete grants of the own tenant alone', async () => {
    const subject = `user:${freshUser()}`;
    const foreign = await connect({ user: 'root', role: 'admin', tenant: 'globex' });
    const id = await grant(admin, subject, { action: 'join', expires_at: '2099-01-01T00:00:00.000Z' });
    const { items } = (await admin.must('op.grant.list', { subject })) as { items: object[] };
    expect(items).toEqual([
      {
        grant_id: id,
        subject,
        action: 'join',
        pattern: 'lab:*',
        effect: 'allow',
        expires_at: '2099-01-01T00:00:00.000Z',
        created_by: 'root',
        created_at: expect.stringMatching(/^20\d\d-/u),
      },
    ]);
    expect(await foreign.must('op.grant.list')).toEqual({ items: [] });
    expect(await foreign.must('op.grant.delete', { grant_id: id })).toEqual({ deleted: false });
    expect(await grant(admin, subject, { action: 'join' })).toBe(id);
    expect(await admin.must('op.grant.delete', { grant_id: id })).toEqual({ deleted: true });
    expect(await admin.must('op.grant.list', { subject })).toEqual({ items: [] });
    const { items: trail } = (await admin.must('op.audit.list', { limit: 1_000 })) as { items: AuditItem[] };
    const own = trail.filter(({ target }) => target === `grant:${id}`).map(({ action, phase }) => `${action} ${phase}`);
    const twice = (action: string): string[] => [`${action} intent`, `${action} done`];
    expect(own).toEqual([...twice('op.grant.put'), ...twice('op.grant.put'), ...twice('op.grant.delete')]);
  });

  test('[PRM-1] [PRM-4] are for administrators, and say what is wrong with a wish', async () => {
    const wish = { subject: 'user:bob', action: 'join', pattern: 'lab:*', effect: 'allow' };
    for (const role of ['guest', 'user', 'moderator'] as const) {
      const client = await connect({ user: freshUser(), role });
      for (const name of ['op.grant.put', 'op.grant.list', 'op.grant.delete'])
        expect([role, name, await code(client, name, wish)]).toEqual([role, name, 'AUTHORIZATION_ERROR']);
    }
    for (const wrong of [
      { subject: 'bob' },
      { subject: 'role:emperor' },
      { action: 'admin' },
      { pattern: 'lab:>' },
      { effect: 'maybe' },
      { expires_at: 'tomorrow' },
      { expires_at: '2020-01-01T00:00:00Z' },
      { subject: 'role:admin', action: '*', pattern: '*', effect: 'deny' },
    ])
      expect([wrong, await code(admin, 'op.grant.put', { ...wish, ...wrong })]).toEqual([wrong, 'VALIDATION_ERROR']);
    const { payload } = await admin.command('op.grant.put', { ...wish, subject: 'bob-from-accounts' });
    expect(payload['errors']).toEqual([{ field: 'args.subject', problem: expect.stringContaining('user:<id>') }]);
  });
});
