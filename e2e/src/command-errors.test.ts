import { commands } from '@arqonbus/protocol';
import type { CommandDefinition, CommandName, ErrorCode } from '@arqonbus/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { errorsShownElsewhere } from './harness/errors-shown-elsewhere.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

type Role = 'guest' | 'user' | 'moderator' | 'admin';
type Case = readonly [command: CommandName, role: Role, args: object, code: ErrorCode];

let bus: Bus;
const clients = new Map<Role, JsonClient>();

beforeAll(async () => {
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_LIMITS_MAX_SUBSCRIPTIONS: '1',
    ARQONBUS_LIMITS_CHANNELS_PER_TENANT: '1',
    ARQONBUS_LIMITS_GRANTS_PER_TENANT: '1',
    ARQONBUS_LIMITS_CRON_JOBS_PER_TENANT: '1',
    ARQONBUS_LIMITS_MAX_FRAME_BYTES: '131072',
    ARQONBUS_LIMITS_STORE_KEYS_PER_TENANT: '1',
    ARQONBUS_LIMITS_STORE_WATCHES: '1',
    ARQONBUS_LIMITS_SCHEMAS_PER_TENANT: '1',
    ARQONBUS_WEBHOOKS_PER_USER: '0',
    ARQONBUS_LIMITS_SCHEMA_BINDINGS_PER_TENANT: '1',
    ARQONBUS_LIMITS_OPERATORS_PER_GROUP: '1',
    ARQONBUS_LIMITS_TASKS_PER_TENANT: '0',
  });
  for (const role of ['guest', 'user', 'moderator', 'admin'] as const) clients.set(role, await bus.connect({ role }));
  await clients.get('admin')?.must('op.grant.put', wish);
  await clients.get('admin')?.must('op.store.set', kept);
  await clients.get('admin')?.must('op.store.watch', kept);
  await clients.get('admin')?.must('op.schema.register', letter);
  await clients.get('admin')?.must('op.schema.bind', binding);
  const job = await clients.get('admin')?.must('op.cron.schedule', hourly);
  await clients.get('admin')?.must('op.cron.cancel', { job_id: job?.['job_id'] });
  jobOver.job_id = String(job?.['job_id']);
  await clients.get('admin')?.must('op.cron.schedule', hourly);
  await clients.get('admin')?.must('operator.join', { group: 'work', output_schema: 'letter.v1' });
  await clients.get('moderator')?.must('join_channel', { room: 'attic', channel: 'full' });
});

afterAll(async () => {
  for (const client of clients.values()) client.end();
  await bus.stop();
});

const general = { room: 'science', channel: 'general' };
const nowhere = { room: 'science', channel: 'nowhere' };
const telemetry = { room: 'integriguard', channel: 'telemetry-stream' };

const hourly = { ...general, payload: 1, interval_seconds: 3_600 };
/** A job that is over; it gets its id when it is made. */
const jobOver = { job_id: '' };
const noJob = { job_id: 'c_none' };

const wish = { subject: 'user:somebody', action: 'join', pattern: 'attic:*', effect: 'allow' };

const nothing = { task_id: 't_nothing' };
const kept = { key: 'attic/lamp', value: 'lit' };

const letter = { schema_id: 'letter.v1', kind: 'json', schema: { type: 'string' } };
const binding = { schema_id: 'letter.v1', pattern: 'attic:letters', mode: 'warn' };

const hook = { webhook_id: 'wh_none' };

const webhookCases: readonly Case[] = (
  [
    ['op.webhook.get', hook],
    ['op.webhook.update', hook],
    ['op.webhook.rotate_secret', hook],
    ['op.webhook.deliveries', hook],
    ['op.webhook.replay', { ...hook, delivery_id: 'd_none' }],
    ['op.webhook.dlq.list', hook],
    ['op.webhook.dlq.replay', hook],
  ] as const
).flatMap(([command, args]): readonly Case[] => [
  [command, 'guest', args, 'AUTHORIZATION_ERROR'],
  [command, 'user', args, 'NOT_FOUND'],
]);

const cases: readonly Case[] = [
  ['help', 'user', { command: 'fly' }, 'UNKNOWN_COMMAND'],
  ['refresh', 'user', { token: 'not.a.token' }, 'AUTHENTICATION_FAILED'],
  ['resume', 'user', { resume_token: 'none', channels: {} }, 'RESUME_EXPIRED'],
  ['resume', 'moderator', { resume_token: 'none', channels: {} }, 'CONFLICT'],
  ['resume', 'user', { resume_token: 'x', channels: {}, meta: { text: 'x'.repeat(1_100) } }, 'PAYLOAD_TOO_LARGE'],
  ['join_channel', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['join_channel', 'moderator', general, 'QUOTA_EXCEEDED'],
  ['join_channel', 'user', { ...general, meta: { text: 'x'.repeat(1_100) } }, 'PAYLOAD_TOO_LARGE'],
  ['leave_channel', 'user', general, 'NOT_SUBSCRIBED'],
  ['create_channel', 'user', nowhere, 'AUTHORIZATION_ERROR'],
  ['create_channel', 'moderator', general, 'CHANNEL_EXISTS'],
  ['create_channel', 'moderator', nowhere, 'QUOTA_EXCEEDED'],
  ['delete_channel', 'user', general, 'AUTHORIZATION_ERROR'],
  ['delete_channel', 'moderator', nowhere, 'CHANNEL_NOT_FOUND'],
  ['delete_channel', 'moderator', { room: 'attic', channel: 'full' }, 'CHANNEL_NOT_EMPTY'],
  ['op.room.create', 'user', { room: 'cellar' }, 'AUTHORIZATION_ERROR'],
  ['op.room.create', 'moderator', { room: 'attic' }, 'CONFLICT'],
  ['op.room.create', 'moderator', { room: 'cellar' }, 'QUOTA_EXCEEDED'],
  ['op.room.settings', 'user', { room: 'attic' }, 'AUTHORIZATION_ERROR'],
  ['op.room.settings', 'moderator', { room: 'cellar' }, 'ROOM_NOT_FOUND'],
  ['op.room.settings', 'moderator', { room: 'attic', settings: { floor: 3 } }, 'QUOTA_EXCEEDED'],
  ['op.room.delete', 'user', { room: 'attic' }, 'AUTHORIZATION_ERROR'],
  ['op.room.delete', 'moderator', { room: 'cellar' }, 'ROOM_NOT_FOUND'],
  ['op.room.delete', 'moderator', { room: 'attic' }, 'CHANNEL_NOT_EMPTY'],
  ['list_channels', 'user', { room: 'nowhere' }, 'ROOM_NOT_FOUND'],
  ['channel_info', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['channel_info', 'user', nowhere, 'CHANNEL_NOT_FOUND'],
  ['history', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['history', 'admin', telemetry, 'FEATURE_DISABLED'],
  ['history', 'admin', { ...general, epoch: 'of-nobody' }, 'NOT_FOUND'],
  ['op.history.get', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['op.history.get', 'admin', telemetry, 'FEATURE_DISABLED'],
  ['op.history.get', 'admin', { ...general, epoch: 'of-nobody' }, 'NOT_FOUND'],
  ['op.history.replay', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['op.history.replay', 'admin', telemetry, 'FEATURE_DISABLED'],
  ['op.history.replay', 'admin', { ...general, epoch: 'of-nobody' }, 'NOT_FOUND'],
  ['op.session.disconnect', 'user', { user: 'alice' }, 'AUTHORIZATION_ERROR'],
  ['op.session.disconnect', 'admin', { client_id: 'nobody' }, 'TARGET_NOT_FOUND'],
  ['presence', 'guest', general, 'AUTHORIZATION_ERROR'],
  ['set_status', 'user', { meta: { text: 'x'.repeat(1_100) } }, 'PAYLOAD_TOO_LARGE'],
  ['op.ban.list', 'user', {}, 'AUTHORIZATION_ERROR'],
  ['op.ban.lift', 'user', { user: 'alice' }, 'AUTHORIZATION_ERROR'],
  ['op.grant.put', 'user', wish, 'AUTHORIZATION_ERROR'],
  ['op.grant.put', 'admin', { ...wish, subject: 'user:one-too-many' }, 'QUOTA_EXCEEDED'],
  ['op.grant.list', 'user', {}, 'AUTHORIZATION_ERROR'],
  ['op.grant.delete', 'user', { grant_id: 'g_none' }, 'AUTHORIZATION_ERROR'],
  ['operator.join', 'guest', { group: 'work' }, 'AUTHORIZATION_ERROR'],
  ['operator.join', 'user', { group: 'work' }, 'QUOTA_EXCEEDED'],
  ['operator.join', 'user', { group: 'work', input_schema: 'nothing.v1' }, 'NOT_FOUND'],
  ['operator.join', 'admin', { group: 'other' }, 'CONFLICT'],
  ['operator.list', 'guest', { group: 'work' }, 'AUTHORIZATION_ERROR'],
  ['task.submit', 'guest', { group: 'work', payload: 1 }, 'AUTHORIZATION_ERROR'],
  ['task.submit', 'user', { group: 'work', payload: 1 }, 'QUOTA_EXCEEDED'],
  ['operator.leave', 'guest', {}, 'AUTHORIZATION_ERROR'],
  ...(['task.ack', 'task.progress', 'task.result', 'task.fail'] as const).flatMap((name): Case[] => [
    [name, 'guest', nothing, 'AUTHORIZATION_ERROR'],
    [name, 'user', nothing, 'CONFLICT'],
    [name, 'admin', nothing, 'NOT_FOUND'],
  ]),
  ['task.cancel', 'user', nothing, 'NOT_FOUND'],
  ['task.get', 'user', nothing, 'NOT_FOUND'],
  ['op.task.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.task.dlq.list', 'user', {}, 'AUTHORIZATION_ERROR'],
  ['op.task.dlq.replay', 'user', nothing, 'AUTHORIZATION_ERROR'],
  ['op.task.dlq.replay', 'admin', nothing, 'NOT_FOUND'],
  ['op.audit.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.audit.verify', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.cron.schedule', 'guest', hourly, 'AUTHORIZATION_ERROR'],
  ['op.cron.schedule', 'user', hourly, 'QUOTA_EXCEEDED'],
  ['op.cron.get', 'user', noJob, 'NOT_FOUND'],
  ['op.cron.cancel', 'user', noJob, 'NOT_FOUND'],
  ['op.cron.cancel', 'admin', jobOver, 'CONFLICT'],
  ['op.cron.pause', 'user', noJob, 'NOT_FOUND'],
  ['op.cron.pause', 'admin', jobOver, 'CONFLICT'],
  ['op.cron.resume', 'user', noJob, 'NOT_FOUND'],
  ['op.cron.resume', 'admin', jobOver, 'CONFLICT'],
  ['op.cron.runs', 'user', noJob, 'NOT_FOUND'],
  ['op.key.create', 'moderator', { name: 'billing' }, 'AUTHORIZATION_ERROR'],
  ['op.key.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.key.rotate', 'moderator', { key_id: '0'.repeat(20) }, 'AUTHORIZATION_ERROR'],
  ['op.key.rotate', 'admin', { key_id: '0'.repeat(20) }, 'NOT_FOUND'],
  ['op.key.revoke', 'moderator', { key_id: '0'.repeat(20) }, 'AUTHORIZATION_ERROR'],
  ['op.history.erase', 'moderator', { user: 'nobody' }, 'AUTHORIZATION_ERROR'],
  ['op.mirror.put', 'moderator', { pattern: 'lab:*', percent: 10 }, 'AUTHORIZATION_ERROR'],
  ['op.mirror.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.mirror.delete', 'moderator', { rule_id: 'm_none' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.put', 'moderator', { name: 'p', wasm: 'AGFzbQ==' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.bind', 'moderator', { name: 'p', pattern: '*' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.bind', 'admin', { name: 'nowhere', pattern: '*' }, 'NOT_FOUND'],
  ['op.policy.unbind', 'moderator', { name: 'p' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.policy.delete', 'moderator', { name: 'p' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.test', 'moderator', { name: 'p', payload: {} }, 'AUTHORIZATION_ERROR'],
  ['op.policy.test', 'admin', { name: 'nowhere', payload: {} }, 'NOT_FOUND'],
  ['op.policy.dry_run', 'moderator', { name: 'p' }, 'AUTHORIZATION_ERROR'],
  ['op.policy.dry_run', 'admin', { name: 'nowhere', minutes: 1 }, 'NOT_FOUND'],
  ...(['status', 'list', 'dlq.list', 'dlq.replay', 'backfill'] as const).map((name): Case => [
    `op.continuum.projector.${name}`,
    'moderator',
    {},
    'AUTHORIZATION_ERROR',
  ]),
  ['op.continuum.projector.get', 'moderator', { agent_id: 'a', episode_id: 'e' }, 'AUTHORIZATION_ERROR'],
  ['op.continuum.projector.project_event', 'moderator', { event: {} }, 'AUTHORIZATION_ERROR'],
  ['op.continuum.projector.dlq.replay', 'admin', { dead_letter_id: 'd_none' }, 'NOT_FOUND'],
  ['op.omega.register_substrate', 'moderator', { name: 'a', kind: 'b' }, 'AUTHORIZATION_ERROR'],
  ['op.omega.register_substrate', 'admin', { name: 'a', kind: 'b' }, 'FEATURE_DISABLED'],
  ['op.omega.list_substrates', 'user', {}, 'FEATURE_DISABLED'],
  ['op.omega.unregister_substrate', 'moderator', { substrate_id: 's_1' }, 'AUTHORIZATION_ERROR'],
  ['op.omega.unregister_substrate', 'admin', { substrate_id: 's_1' }, 'FEATURE_DISABLED'],
  ['op.omega.emit_event', 'moderator', { substrate_id: 's_1', signal: 'x' }, 'AUTHORIZATION_ERROR'],
  ['op.omega.emit_event', 'admin', { substrate_id: 's_1', signal: 'x' }, 'FEATURE_DISABLED'],
  ['op.omega.list_events', 'user', {}, 'FEATURE_DISABLED'],
  ['op.omega.clear_events', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.omega.clear_events', 'admin', {}, 'FEATURE_DISABLED'],
  ['op.store.set', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.store.set', 'user', { ...kept, if_version: 0 }, 'CONFLICT'],
  ['op.store.set', 'user', { key: 'one-too-many', value: 1 }, 'QUOTA_EXCEEDED'],
  ['op.store.set', 'user', { ...kept, value: 'x'.repeat(65_535) }, 'PAYLOAD_TOO_LARGE'],
  ['op.store.get', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.store.list', 'guest', {}, 'AUTHORIZATION_ERROR'],
  ['op.store.delete', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.store.delete', 'user', { ...kept, if_version: 99 }, 'CONFLICT'],
  ['op.store.increment', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.store.increment', 'user', { key: 'one-too-many' }, 'QUOTA_EXCEEDED'],
  ['op.store.watch', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.store.watch', 'admin', { key: 'one-too-many' }, 'QUOTA_EXCEEDED'],
  ['op.store.unwatch', 'guest', kept, 'AUTHORIZATION_ERROR'],
  ['op.casil.get', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.casil.reload', 'moderator', { mode: 'monitor' }, 'AUTHORIZATION_ERROR'],
  ['op.casil.reset', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.casil.test', 'moderator', { payload: 'x' }, 'AUTHORIZATION_ERROR'],
  ['op.schema.register', 'moderator', letter, 'AUTHORIZATION_ERROR'],
  ['op.schema.register', 'admin', { ...letter, schema: { type: 'number' } }, 'CONFLICT'],
  ['op.schema.register', 'admin', { ...letter, schema_id: 'one.too.many' }, 'QUOTA_EXCEEDED'],
  ['op.schema.get', 'moderator', { schema_id: 'none' }, 'AUTHORIZATION_ERROR'],
  ['op.schema.get', 'admin', { schema_id: 'none' }, 'NOT_FOUND'],
  ['op.schema.list', 'moderator', {}, 'AUTHORIZATION_ERROR'],
  ['op.schema.bind', 'moderator', binding, 'AUTHORIZATION_ERROR'],
  ['op.schema.bind', 'admin', { ...binding, schema_id: 'none' }, 'NOT_FOUND'],
  ['op.schema.bind', 'admin', { ...binding, pattern: 'attic:full' }, 'QUOTA_EXCEEDED'],
  ['op.schema.unbind', 'moderator', { pattern: 'attic:*' }, 'AUTHORIZATION_ERROR'],
  ['op.schema.delete', 'moderator', { schema_id: 'none' }, 'AUTHORIZATION_ERROR'],
  ['op.schema.delete', 'admin', { schema_id: 'letter.v1' }, 'CONFLICT'],
  ['op.schema.check', 'moderator', { schema_id: 'none' }, 'AUTHORIZATION_ERROR'],
  ['op.schema.check', 'admin', { schema_id: 'none' }, 'NOT_FOUND'],
  ['op.webhook.list', 'guest', {}, 'AUTHORIZATION_ERROR'],
  ['op.webhook.unregister', 'guest', hook, 'AUTHORIZATION_ERROR'],
  ['op.webhook.register', 'user', { url: 'http://127.0.0.1:9/' }, 'AUTHORIZATION_ERROR'],
  ['op.webhook.register', 'user', { url: 'http://127.0.0.1:9/', room: 'attic' }, 'QUOTA_EXCEEDED'],
  ...webhookCases,
];

test.each(cases)('[PRT-21] %s of a %s is refused ($3)', async (command, role, args, code) => {
  expect(await clients.get(role)?.command(command, args)).toMatchObject({ type: 'error', error_code: code });
});

test('[PRT-21] refresh with a token that has ended is refused with TOKEN_EXPIRED', async () => {
  const token = await bus.token({ ttlMs: -60_000 });
  expect(await clients.get('user')?.command('refresh', { token })).toMatchObject({ error_code: 'TOKEN_EXPIRED' });
});

test('[PRT-21] the registry names these refusals and no others', () => {
  const shownHere = [...cases.map(([command, , , code]) => `${command} ${code}`), 'refresh TOKEN_EXPIRED'];
  const shown = new Set([...shownHere, ...errorsShownElsewhere]);
  const named = Object.values<CommandDefinition>(commands).flatMap(({ name, errors }) =>
    errors.map((code) => `${name} ${code}`),
  );
  expect(named.toSorted()).toEqual([...shown].toSorted());
});
