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
    'task.get',
  ]);
});
