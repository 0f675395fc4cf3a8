import { queryDatabase } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { createOutboxDatabase, createOutboxFile } from './harness/outbox-database.ts';
import type { OutboxDatabase } from './harness/outbox-database.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Applications that insert rows in transactions of their own, which the Bridge publishes (BRG-1).

const file = createOutboxFile();
let bus: Bus;
let alice: JsonClient;
let stranger: JsonClient;
let ours: OutboxDatabase;
let theirs: OutboxDatabase;
let key: MadeKey;

beforeAll(async () => {
  [bus, ours, theirs] = await Promise.all([
    startBus({ ...roomyLimits, ARQONBUS_OUTBOX_FILE: file.path }, 0, 1),
    createOutboxDatabase(),
    createOutboxDatabase(),
  ]);
  alice = await bus.connect();
  stranger = await bus.connect({ tenant: 'globex' });
  for (const client of [alice, stranger]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  key = await makeKey('acme');
  const other = await makeKey('globex');
  file.write([
    { name: 'ours', key: key.key, url: ours.url },
    { name: 'theirs', key: other.key, url: theirs.url },
  ]);
});

afterAll(async () => {
  alice.end();
  stranger.end();
  await bus.stop();
  file.remove();
  await Promise.all([ours.drop(), theirs.drop()]);
});

interface MadeKey {
  readonly key: string;
  readonly key_id: string;
}

/** One that may publish and read in the room `lab`, and nothing else. */
async function makeKey(tenant: string): Promise<MadeKey> {
  const permissions = ['publish', 'join', 'history'].map((action) => ({ action, pattern: 'lab:*', effect: 'allow' }));
  return (await asAdmin(tenant, 'op.key.create', { name: 'outbox', permissions })) as unknown as MadeKey;
}

async function asAdmin(tenant: string, command: string, args: object): Promise<Readonly<Record<string, unknown>>> {
  const admin = await bus.connect({ tenant, user: 'root', role: 'admin' });
  const payload = await admin.must(command, args);
  admin.end();
  return payload;
}

const payloadsOf = async (client: JsonClient, count: number): Promise<readonly unknown[]> => {
  const events = [];
  while (events.length < count) events.push((await client.nextEvent()).payload);
  return events;
};

test('[BRG-1] [SAF-3] [PRD-4] what is inserted reaches subscribers in the tenant of the key, in order and without a trace left', async () => {
  const numbers = Array.from({ length: 250 }, (_, n) => n);
  await Promise.all([ours.insert('lab:bench', ...numbers), theirs.insert('lab:bench', 'theirs')]);
  const first = await alice.nextEvent();
  expect(first).toMatchObject({ sender: `key-${key.key_id}`, payload: 0 });
  expect(await payloadsOf(alice, 249)).toEqual(numbers.slice(1));
  expect(await payloadsOf(stranger, 1)).toEqual(['theirs']);
  await vi.waitFor(async () => expect(await ours.waiting()).toBe(0), { timeout: 10_000 });
});

test('[BRG-1] what is rolled back is not published, and numbers are as they were written', async () => {
  const insert = `INSERT INTO arqon_outbox.messages (channel, payload, headers) VALUES ('lab:bench',`;
  await queryDatabase(ours.ownerUrl, `BEGIN; ${insert} '"never"', NULL); ROLLBACK`);
  await queryDatabase(ours.ownerUrl, `${insert} '{"n": 12345678901234567890}', '{"kind": "order"}')`);
  const seen = await alice.nextEvent();
  expect(seen['headers']).toEqual({ kind: 'order' });
  expect(JSON.stringify(seen.payload)).not.toContain('never');
});

test('[BRG-1] [LOG-5] a row tried longer ago than the log knows ids is looked for in the history, and published where it is not', async () => {
  const published = await alice.publish('lab:bench', 'there already', { id: 'arq_ob_there' });
  expect(published).toMatchObject({ status: 'success' });
  await queryDatabase(
    ours.ownerUrl,
    `INSERT INTO arqon_outbox.messages (channel, payload, message_id, tried_at) VALUES
     ('lab:bench', '"again"', 'arq_ob_there', now() - interval '1 hour'),
     ('lab:bench', '"never sent"', 'arq_ob_lost', now() - interval '1 hour')`,
  );
  expect(await payloadsOf(alice, 1)).toEqual(['never sent']);
  await vi.waitFor(async () => expect(await ours.waiting()).toBe(0), { timeout: 10_000 });
  expect((await bus.scrapes()).join('\n')).toMatch(/outbox_found_total 1\n/);
});

test('[BRG-1] what is refused is set aside with its reason, holds nothing up, and can be tried again', async () => {
  await ours.insert('elsewhere:bench', 'not ours to say');
  await ours.insert('lab:bench', 'x'.repeat(70_000), 'after it');
  expect(await payloadsOf(alice, 1)).toEqual(['after it']);
  const arqon = async (...args: readonly string[]): Promise<string> => {
    const run = runArqon(['outbox', ...args, '--database', ours.ownerUrl, '--json']);
    expect(await run.exited).toBe(0);
    return run.stdout();
  };
  await vi.waitFor(async () => expect(await ours.waiting()).toBe(0), { timeout: 10_000 });
  const letters = (await arqon('list'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
  expect(letters.map((letter) => [letter['channel'], letter['error_code']])).toEqual([
    ['elsewhere:bench', 'AUTHORIZATION_ERROR'],
    ['lab:bench', 'PAYLOAD_TOO_LARGE'],
  ]);
  const id = letters[0]?.['id'] ?? '';
  await queryDatabase(ours.ownerUrl, "UPDATE arqon_outbox.messages SET channel = 'lab:bench' WHERE id = $1", [id]);
  expect(await arqon('retry', id)).toBe('{"changed":1}\n');
  expect(await payloadsOf(alice, 1)).toEqual(['not ours to say']);
}, 45_000);

test('[ARC-5] [BRG-1] a database that is away holds nothing else up, and what lies in it is published when it is back', async () => {
  await ours.lock(true);
  await ours.insert('lab:bench', 'while it was away');
  await theirs.insert('lab:bench', 'not held up');
  expect(await payloadsOf(stranger, 1)).toEqual(['not held up']);
  await vi.waitFor(async () => expect((await bus.scrapes()).join('\n')).toMatch(/outboxes\{state="unreachable"\} 1/), {
    timeout: 10_000,
  });
  await ours.lock(false);
  expect(await payloadsOf(alice, 1)).toEqual(['while it was away']);
});

test('[BRG-1] [AUT-4] a key that is revoked publishes nothing more, and another goes on where it stopped', async () => {
  await asAdmin('acme', 'op.key.revoke', { key_id: key.key_id });
  await vi.waitFor(
    async () => {
      await ours.insert('lab:bench', 'waits');
      expect((await bus.scrapes()).join('\n')).toMatch(/outboxes\{state="key_refused"\} 1/);
    },
    { timeout: 10_000 },
  );
  const waiting = await ours.waiting();
  key = await makeKey('acme');
  file.write([{ name: 'ours', key: key.key, url: ours.url }]);
  await vi.waitFor(async () => expect(await ours.waiting()).toBe(0), { timeout: 10_000 });
  expect(waiting).toBeGreaterThan(0);
  const seen = await alice.next(({ type, sender }) => type === 'event' && sender === `key-${key.key_id}`);
  expect(seen.payload).toBe('waits');
});

test(
  '[CLI-1] [BRG-1] keys are made, shown, replaced and revoked by the command line',
  { timeout: 60_000 },
  async () => {
    const jwt = await bus.token({ tenant: 'shell', user: 'root', role: 'admin' });
    const keys = async (...args: string[]): Promise<readonly [number | null, string]> => {
      const run = runArqon(['keys', ...args], { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: jwt });
      return [await run.exited, `${run.stdout()}${run.stderr()}`];
    };
    const statusWith = async (key: string): Promise<number> =>
      (await fetch(`${bus.bridgeUrl}/v1/status`, { headers: { authorization: `Bearer ${key.trim()}` } })).status;
    const misused = keys('create', 'x', '--allow', 'publish');
    const [code, made] = await keys('create', 'billing', '--allow', 'publish lab:*', 'join lab:*');
    expect([code, made]).toEqual([0, expect.stringMatching(/^arqk_\S+\n$/)]);
    const [, listed] = await keys('list', '--json');
    const { key_id: keyId, ...shown } = JSON.parse(listed) as Readonly<Record<string, unknown>>;
    const permissions = ['publish', 'join'].map((action) => ({ action, pattern: 'lab:*', effect: 'allow' }));
    expect(shown).toMatchObject({ name: 'billing', role: 'guest', permissions });
    const [, rotated] = await keys('rotate', String(keyId), '--overlap-ms', '0');
    await expect.poll(() => statusWith(rotated), { timeout: 10_000 }).not.toBe(401);
    await expect.poll(() => statusWith(made), { timeout: 10_000 }).toBe(401);
    expect(await keys('revoke', String(keyId))).toEqual([0, 'revoked\n']);
    expect(await misused).toEqual([2, expect.stringMatching(/^arqon: /)]);
  },
);
