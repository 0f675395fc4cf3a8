import { readFileSync } from 'node:fs';
import { settings } from '@arqonbus/config';
import { commands } from '@arqonbus/protocol';
import type { CommandDefinition } from '@arqonbus/protocol';
import { expect, test } from 'vitest';
import { quoted, usersOfNats } from './harness/shipped-users.ts';

// What one-boundary.test.ts must look at: a port, a subject or a command that is new goes red here (SAF-2).

test('[SAF-2] these are all the ways out: a new one must be added to the test of the one boundary', () => {
  const ports = Object.keys(settings).filter((key) => /(?:port|url)$/.test(key));
  expect(ports.toSorted()).toEqual([
    // Asks for keys and says nothing.
    'auth.jwks_url',
    'bridge.grpc_port',
    'bridge.port',
    'http.port',
    'nats.url',
    // A copy of the audit trail, which lies in NATS as well, and grants; of both the texts are the administrators' own.
    'postgres.owner_url',
    'postgres.url',
    'server.port',
    'telemetry.port',
    'telemetry.traces_url',
    // The log in the place of that in NATS, with the same bytes; copies of the store; the Omega lane.
    'valkey.url',
  ]);
  const published = usersOfNats().flatMap(([, block]) => quoted(block.slice(0, block.indexOf('subscribe:'))));
  const roots = published
    .filter((subject) => !/^[$_>]/.test(subject))
    .map((subject) => subject.split('.').slice(0, 2).join('.'));
  expect([...new Set(roots)].toSorted()).toEqual([
    // These go to streams, which lie on disk, as do those of `arqon.continuum`, `arqon.in` and `arqon.work`.
    'arqon.audit',
    'arqon.continuum',
    'arqon.ctl',
    'arqon.evt',
    'arqon.in',
    'arqon.out',
    'arqon.presence',
    'arqon.rpc',
    'arqon.store',
    'arqon.work',
    'shadow.arqon',
  ]);
  const telling = Object.values<CommandDefinition>(commands).filter(({ result: { properties = {} } }) =>
    ['publications', 'payload', 'value'].some(
      (name) => name in { ...properties, ...properties['items']?.items?.properties },
    ),
  );
  expect(telling.map(({ name }) => name).toSorted()).toEqual([
    'history',
    'join_channel',
    // These two show to an administrator what that administrator has just sent.
    'op.casil.test',
    // Episodes show what was published, as the channel of episodes did.
    'op.continuum.projector.list',
    // Schedules and values show what was put into them above.
    'op.cron.cancel',
    'op.cron.get',
    'op.cron.list',
    'op.cron.pause',
    'op.cron.resume',
    'op.cron.schedule',
    'op.history.get',
    // What readers of the lab were shown.
    'op.omega.list_events',
    'op.policy.test',
    'op.store.get',
    'op.store.increment',
    // Tasks show what was submitted above.
    'op.task.dlq.list',
    'op.task.list',
    'task.get',
  ]);
});

test('[ARC-15] [SAF-3] C-15: these are all the ways in: a new one must be tried in the test of the one boundary', () => {
  const tried = readFileSync(new URL('./one-boundary.test.ts', import.meta.url), 'utf8');
  // What is published through each of these is planted there: by sockets, by both ports of the Bridge, and from an outbox.
  const entrances = Object.keys(settings).filter((key) =>
    /^(?:server|bridge|telemetry|http)\..*port$|^outbox\.file$/.test(key),
  );
  expect(entrances.toSorted()).toEqual(
    [
      'bridge.grpc_port',
      'bridge.port',
      // These two take no content: settings and filters alone.
      'http.port',
      'outbox.file',
      'server.port',
      'telemetry.port',
    ].toSorted(),
  );
  for (const way of ['alice.say(', 'askBridge(', 'askByGrpc(', 'insert(']) expect(tried).toContain(way);
  const taking = Object.values<CommandDefinition>(commands).filter(({ args: { properties = {} } }) =>
    ['payload', 'value', 'metadata', 'meta', 'event'].some((name) => name in properties),
  );
  const untried = taking.map(({ name }) => name).filter((name) => !tried.includes(`'${name}'`));
  // What is shown to who sends it and to nobody else; and `resume`, which says again what was said at connecting.
  expect(untried.toSorted()).toEqual(['op.casil.test', 'op.policy.test', 'op.schema.check', 'resume']);
});

test('[ARC-15] [SPN-2] nobody but a Shield may put anything where messages are stored or delivered, but for what it has been through', () => {
  const delivering = /^(?:arqon\.(?:in|out|continuum|work)|shadow\.arqon)\./;
  const rights = usersOfNats().map(([name, block]) => {
    const publish = block.slice(0, block.indexOf('subscribe:'));
    const allowed = publish.includes('deny:') ? publish.slice(0, publish.indexOf('deny:')) : publish;
    return [name, quoted(allowed).filter((subject) => delivering.test(subject))] as const;
  });
  expect(Object.fromEntries(rights)).toEqual({
    shield: [
      'arqon.out.>',
      'shadow.arqon.out.>',
      'arqon.work.webhooks.>',
      'arqon.continuum.episode.v1.*',
      'arqon.in.>',
    ],
    brain: [
      // What Shields had appended to the log in Valkey, and tasks, whose payloads came by command.
      'arqon.out.*.*.*',
      'arqon.out.*._task.*.*',
      // What was published, for receivers of webhooks; events of channels and members; episodes by command.
      'arqon.work.webhooks.>',
      'arqon.work.webhook_retries.>',
      'arqon.continuum.episode.v1.*',
      'arqon.continuum.episode.dlq.v1.*',
    ],
    bridge: [],
    authenticator: [],
    shadow: [],
  });
});
