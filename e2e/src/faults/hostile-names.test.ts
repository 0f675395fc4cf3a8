import { commands } from '@arqonbus/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { Answer, FollowedClient } from './harness/followed-client.ts';
import { createNatsSpy } from './harness/nats-spy.ts';
import { report } from './harness/report.ts';

// bad-input shows that rooms and channels of messages and of four commands refuse hostile names; here is every text of
// every command, and every target, with somebody on the other Shield who would notice.
const hostileNames = [
  '*',
  '>',
  'a.*',
  'a.>',
  'foo.>.bar',
  '.a',
  '..',
  '',
  ' ',
  'a b',
  'a\tb',
  'a\r\nPUB arqon.ctl.disconnect 0',
  'a\u0000b',
  'a\u007fb',
  'a'.repeat(10_000),
  'sсience',
  'ｓcience',
  'science\u200b',
  'sci\u202eence',
  '_user',
  '_tenant',
  '_room',
  '$JS.API.STREAM.DELETE.KV_ARQON_BANS',
  '_INBOX.>',
  'user:*',
  'user:>',
  '__proto__',
  '=2A',
  '~',
  '{acme}',
];
/** What has a meaning of its own in one place: the room's pseudo-channel (PRT-16), the first page, all commands. */
const honestIn: Readonly<Record<string, string>> = {
  channel: '*',
  cursor: '',
  command: '',
  'op.store.list namespace': '*',
};
/** What may be said to a name that nobody can have; the rest would mean that it was understood. */
const refusals = new Set([
  'VALIDATION_ERROR',
  'AUTHORIZATION_ERROR',
  'NOT_SUBSCRIBED',
  'ROOM_NOT_FOUND',
  'CHANNEL_NOT_FOUND',
  'TARGET_NOT_FOUND',
  'NOT_FOUND',
  'FEATURE_DISABLED',
  'UNKNOWN_COMMAND',
  'AUTHENTICATION_FAILED',
  'TOKEN_EXPIRED',
]);
const target = { room: 'quiet', channel: 'talk' };

let bus: FaultCluster;
let admin: FollowedClient;
let witness: FollowedClient;
/** All that the hostile ones' Shield says to NATS. */
const spy = createNatsSpy();
let wildAtStart: ReadonlySet<string>;

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LIMITS_BAD_FRAMES_PER_MINUTE: '10000' });
  bus.spineProxy.tap(spy.onLink);
  bus.spineProxy.reset();
  const beBack = async (): Promise<void> => {
    if (spy.subscribed.size === 0 || (await bus.health(1, 'ready')).code !== 200) throw new Error('not back yet');
  };
  await vi.waitFor(beBack, { timeout: 20_000 });
  admin = await bus.connect(1, { user: 'root', role: 'admin' });
  witness = await bus.connect(0, { user: 'witness' });
  for (const client of [admin, witness]) await client.must('join_channel', target);
  wildAtStart = new Set([...spy.published, ...spy.subscribed].filter(isWild));
});

afterAll(() => bus.stop());

async function checkNothingHappened(): Promise<void> {
  await witness.must('ping');
  expect([witness.events, witness.systems, witness.isClosed(), admin.isClosed()]).toEqual([[], [], false, false]);
  for (const shield of [0, 1]) {
    const late = await bus.knock(shield, { user: 'late' });
    expect(late.status).toBe(101);
    late.destroy();
  }
  const { rooms } = await admin.must('list_rooms');
  expect((rooms as readonly { readonly room: string }[]).map(({ room }) => room).toSorted()).toEqual([
    'quiet',
    'science',
  ]);
}

/** Every text that a command takes, one at a time. */
function textsOf(command: { readonly args: object }): readonly string[] {
  const { properties = {} } = command.args as {
    readonly properties?: Readonly<Record<string, { readonly type: string }>>;
  };
  return Object.keys(properties).filter((name) => properties[name]?.type === 'string' && !isFreeText(name));
}

/** Keys of the store, agents and their episodes are texts like those, and never a part of another name. */
function isFreeText(name: string): boolean {
  const texts = [
    'description',
    'reason',
    'order',
    'since',
    'until',
    'status',
    'key',
    'prefix',
    'agent_id',
    'episode_id',
  ];
  return texts.includes(name);
}

test('[SPN-1] [SPN-7] T-01 T-02 T-03: no command understands a hostile name, in whatever text it stands', async () => {
  let tried = 0;
  for (const command of Object.values(commands)) {
    for (const field of textsOf(command)) {
      const honest = [honestIn[field], honestIn[`${command.name} ${field}`]];
      const names = hostileNames.filter((name) => !honest.includes(name));
      const cases = names.map((name) => ({
        ...(field === 'user' || field === 'client_id' ? {} : target),
        [field]: name,
      }));
      const answers = await Promise.all(cases.map((args) => admin.command(command.name, args)));
      const understood = answers.filter((answer) => !refusals.has(answer.code) && !isHarmless(command.name, answer));
      expect([command.name, field, understood.map(({ code, payload }) => [code, payload])]).toEqual([
        command.name,
        field,
        [],
      ]);
      tried += cases.length;
    }
  }
  report('hostile names in commands', { tried });
  await checkNothingHappened();
});

/** A user and a request may have nearly any name (SPN-7), so nobody of that name is an honest answer. */
function isHarmless(command: string, { code, payload }: Answer): boolean {
  // Not so many at once.
  if (command === 'op.history.erase' && code === 'RATE_LIMITED') return true;
  if (code !== 'ok') return false;
  return (
    (command === 'op.session.disconnect' && payload['disconnected'] === 0) ||
    (command === 'op.ban.lift' && payload['lifted'] === false) ||
    (command === 'op.grant.list' && (payload['items'] as readonly unknown[]).length === 0) ||
    // What a key is for is told to people.
    command === 'op.key.create' ||
    (command === 'operator.find' && (payload['items'] as readonly unknown[]).length === 0) ||
    (command === 'op.schema.unbind' && payload['unbound'] === false) ||
    (command === 'op.history.erase' && payload['erased'] === 0) ||
    (command === 'op.history.replay.cancel' && payload['cancelled'] === false)
  );
}

test('[PRT-17] [SPN-1] T-01 T-03: a private message to a hostile name reaches nobody', async () => {
  const write = (to: unknown): Promise<Answer> => admin.ask({ type: 'private', to, payload: 'boo', ack: true });
  const targets = hostileNames.flatMap((name) => [name, `user:${name}`, [name], `${witness.clientId}.${name}`]);
  const answers = await Promise.all(targets.map(write));
  expect(answers.filter(({ code }) => !refusals.has(code))).toEqual([]);
  expect((await write(witness.clientId)).code).toBe('ok');
  await expect.poll(() => witness.frames.filter(({ type }) => type === 'private')).toHaveLength(1);
});

test('[AUT-5] [SPN-7] T-01: a ban of a user whose name is a wildcard bans nobody else', async () => {
  for (const user of ['*', '>', 'witness.>', '=2A', 'wit*', '_']) {
    await admin.must('op.session.disconnect', { user, ban_for_ms: 600_000 });
  }
  await checkNothingHappened();
  for (const shield of [0, 1]) expect((await bus.knock(shield, { user: 'wit*' })).status).toBe(403);
  expect((await admin.must('op.ban.list'))['items']).toHaveLength(6);
});

test('[SPN-1] T-02: names that the Spine could take apart are honest names, and nobody hears for another', async () => {
  const names = ['a', 'a.', 'a..b', 'a.b', 'a...', 'constructor', 'A'];
  const listener = await bus.connect(0, { user: 'listener' });
  const speaker = await bus.connect(1, { user: 'speaker' });
  const targets = names.flatMap((room) => names.map((channel) => ({ room, channel })));
  for (const client of [listener, speaker]) for (const one of targets) await client.must('join_channel', one);
  for (const { room, channel } of targets)
    expect((await speaker.publish(room, `${room}:${channel}`, { channel })).code).toBe('ok');
  await expect.poll(() => listener.events.length).toBe(targets.length);
  for (const event of listener.events)
    expect(event.payload).toBe(`${String(event['room'])}:${String(event['channel'])}`);
  for (const client of [listener, speaker]) client.end();
});

test('[SPN-1] [SPN-7] T-01: on the wire a name is one word of a subject, and no wildcard', () => {
  const subjects = [...spy.published, ...spy.subscribed];
  expect(subjects.length).toBeGreaterThan(100);
  expect(new Set(subjects.map((subject) => subject.split('.', 1)[0]))).toEqual(
    new Set(['arqon', '$JS', '_INBOX_shield', '_INBOX_edge_shield']),
  );
  const words = subjects.filter((subject) => !isWild(subject)).flatMap((subject) => subject.split('.'));
  expect(words.filter((word) => !/^[\w$=~-]+$/u.test(word))).toEqual([]);
  // What a Shield asks for with wildcards it asks for when it starts, but for the answers of other Shields, once it asks one.
  const isAnswers = (subject: string): boolean => /^_INBOX_edge_shield\.\w+\.\*$/.test(subject);
  const wild = subjects.filter((subject) => isWild(subject) && !isAnswers(subject));
  expect(wild.filter((subject) => !wildAtStart.has(subject))).toEqual([]);
});

function isWild(subject: string): boolean {
  return /[*>]/u.test(subject);
}
