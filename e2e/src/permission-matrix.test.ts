import { readFileSync } from 'node:fs';
import { ROLES } from '@arqonbus/auth';
import type { Role } from '@arqonbus/auth';
import { commands } from '@arqonbus/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

/** A row of docs/permissions.md: what it is about, and who may. */
interface Row {
  readonly names: readonly string[];
  readonly allowed: readonly Role[];
}

const target = { room: 'science', channel: 'general' };
const nobody = 'c-nobody-at-all';

/** Arguments with which nothing but the missing right is in the way of the first refusal. */
const args: Readonly<Record<string, object>> = {
  refresh: { token: 'not-a-token' },
  resume: { resume_token: 'not-a-token', channels: {} },
  list_channels: { room: 'science' },
  leave_channel: target,
  join_channel: target,
  channel_info: target,
  history: target,
  presence: target,
  'op.history.get': target,
  'op.history.replay': target,
  'op.history.replay.cancel': { request_id: 'arq_replay-none' },
  create_channel: { room: 'science', channel: 'matrix' },
  delete_channel: { room: 'science', channel: 'not-there' },
  'op.room.create': { room: 'science' },
  'op.room.settings': { room: 'not-there' },
  'op.room.delete': { room: 'not-there' },
  'op.session.disconnect': { client_id: nobody },
  'op.ban.lift': { user: 'nobody' },
  'op.grant.put': { subject: 'user:matrix-nobody', action: 'join', pattern: 'science:*', effect: 'allow' },
  'op.cron.schedule': { ...target, payload: 1, delay_seconds: 3_600 },
  'op.cron.get': { job_id: 'c_nobody' },
  'op.cron.cancel': { job_id: 'c_nobody' },
  'op.cron.pause': { job_id: 'c_nobody' },
  'op.cron.resume': { job_id: 'c_nobody' },
  'op.cron.runs': { job_id: 'c_nobody' },
  'op.key.create': { name: 'matrix' },
  'op.key.rotate': { key_id: '0'.repeat(20) },
  'op.key.revoke': { key_id: '0'.repeat(20) },
  'op.omega.register_substrate': { name: 'matrix', kind: 'matrix' },
  'op.omega.unregister_substrate': { substrate_id: 's_none' },
  'op.omega.emit_event': { substrate_id: 's_none', signal: 'matrix' },
  'op.history.erase': { user: 'matrix-nobody' },
  'op.mirror.put': { pattern: 'matrix-room:*', percent: 0 },
  'op.mirror.delete': { rule_id: 'm_nobody' },
  'op.grant.delete': { grant_id: 'g_nobody' },
  'op.store.set': { key: 'matrix', value: 1 },
  'op.store.get': { key: 'matrix' },
  'op.store.delete': { key: 'matrix' },
  'op.store.increment': { key: 'matrix-count' },
  'op.store.watch': { key: 'matrix' },
  'op.store.unwatch': { key: 'matrix' },
  'op.continuum.projector.get': { agent_id: 'nobody', episode_id: 'none' },
  'op.continuum.projector.project_event': { event: {} },
  'op.continuum.projector.dlq.replay': { dead_letter_id: 'd_none' },
  'op.continuum.projector.backfill': { dry_run: true },
  'op.schema.register': { schema_id: 'matrix.v1', kind: 'json', schema: {} },
  'op.schema.get': { schema_id: 'nothing' },
  'op.schema.bind': { schema_id: 'nothing', pattern: 'attic:*', mode: 'warn' },
  'op.schema.unbind': { pattern: 'attic:*' },
  'op.schema.delete': { schema_id: 'nothing' },
  'op.schema.check': { schema_id: 'nothing' },
  'operator.join': { group: 'matrix', capabilities: [] },
  'operator.find': { capability: 'nothing' },
  'task.submit': { group: 'matrix', payload: {}, timeout_ms: 1 },
  'task.ack': { task_id: 't_nothing' },
  'task.progress': { task_id: 't_nothing' },
  'task.result': { task_id: 't_nothing' },
  'task.fail': { task_id: 't_nothing' },
  'task.cancel': { task_id: 't_nothing' },
  'task.get': { task_id: 't_nothing' },
  'op.task.dlq.replay': { task_id: 't_nothing' },
  'op.webhook.register': { url: 'http://127.0.0.1:9/', room: 'science' },
  'op.webhook.get': { webhook_id: 'wh_none' },
  'op.webhook.update': { webhook_id: 'wh_none' },
  'op.webhook.unregister': { webhook_id: 'wh_none' },
  'op.webhook.rotate_secret': { webhook_id: 'wh_none' },
  'op.webhook.deliveries': { webhook_id: 'wh_none' },
  'op.webhook.replay': { webhook_id: 'wh_none', delivery_id: 'd_none' },
  'op.webhook.dlq.list': { webhook_id: 'wh_none' },
  'op.webhook.dlq.replay': { webhook_id: 'wh_none' },
};

/** What is sent that is no command. */
const messages: Readonly<Record<string, object>> = {
  event: { type: 'event', ...target, payload: { text: 'hello' }, ack: true },
  private: { type: 'private', to: nobody, payload: { text: 'hello' }, ack: true },
  telemetry: { type: 'telemetry', payload: { eventType: 'matrix' }, ack: true },
};

const rows = parseTable(readFileSync(new URL('../../docs/permissions.md', import.meta.url), 'utf8'));
const cells = rows.flatMap(({ names, allowed }) =>
  names.flatMap((name) => ROLES.map((role) => [role, allowed.includes(role) ? 'may' : 'may not', name] as const)),
);

let bus: Bus;
const clients = new Map<Role, JsonClient>();

beforeAll(async () => {
  bus = await startBus(roomyLimits);
  for (const role of ROLES) clients.set(role, await bus.connect({ user: `matrix-${role}`, role }));
});

afterAll(async () => {
  for (const client of clients.values()) client.end();
  await bus.stop();
});

function parseTable(markdown: string): readonly Row[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, , names = '', ...answers]) => ({
      names: [...names.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
      allowed: ROLES.filter((_, index) => answers[index] === 'yes'),
    }));
}

async function attempt(role: Role, name: string): Promise<Frame> {
  const client = clients.get(role);
  if (client === undefined) throw new Error(`${role} is not connected`);
  const message = messages[name];
  if (message === undefined) return client.command(name, args[name] ?? {});
  const id = `arq_matrix-${role}-${name}`;
  client.send({ id, ...message });
  return client.next(({ request_id: answered }) => answered === id);
}

describe('the permission matrix', () => {
  test('[PRM-1] A-17: has a row for every command of the registry, and for none that is not there', () => {
    const named = rows.flatMap(({ names }) => names).filter((name) => messages[name] === undefined);
    expect(named.toSorted()).toEqual(Object.keys(commands).toSorted());
  });

  test.each(cells)('[PRM-1] [PRM-5] %s %s: %s', async (role, may, name) => {
    const { error_code: code } = await attempt(role, name);
    expect(code === 'AUTHORIZATION_ERROR' ? 'may not' : 'may').toBe(may);
  });
});
