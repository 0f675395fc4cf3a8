import { refuseByte, wat } from '@arqonbus/policy/testing';
import type { JsonClient } from './json-client.ts';

/** Who makes what a tenant has. */
export interface Furnishers {
  readonly root: JsonClient;
  /** In `lab:bench` and in the channel of episodes. */
  readonly alice: JsonClient;
  readonly tenant: string;
  /** Where webhooks go. */
  readonly sinkUrl: string;
  /** Stands wherever a text of the tenant's may stand. */
  readonly mark?: string;
}

const NEVER = 126;
const HOUR_S = 3_600;

/** Gives a tenant something of every kind that commands can make. */
export async function furnishTenant({ root, alice, tenant, sinkUrl, mark = 'mark' }: Furnishers): Promise<void> {
  await root.must('op.key.create', { name: mark, role: 'user' });
  await alice.must('op.cron.schedule', { room: 'lab', channel: 'bench', payload: mark, interval_seconds: HOUR_S });
  const { job_id: paused } = await root.must('op.cron.schedule', {
    room: 'lab',
    channel: 'bench',
    payload: 2,
    cron: '0 3 * * *',
  });
  await root.must('op.cron.pause', { job_id: paused });
  await alice.must('op.webhook.register', { url: sinkUrl, room: 'lab', channel: 'bench', description: mark });
  await root.must('op.mirror.put', { pattern: 'lab:*', percent: 1 });
  await alice.must('task.submit', { group: 'research', payload: mark });
  await alice.must('op.store.set', { key: mark, value: mark });
  await alice.must('op.store.set', { namespace: 'carts', key: 'cart/7', value: { items: [1] } });
  await root.must('op.grant.put', { subject: 'user:nobody', action: 'join', pattern: 'lab:*', effect: 'deny' });
  await root.must('op.room.create', { room: 'office', settings: { mark } });
  await root.must('create_channel', { room: 'science', channel: 'private', description: mark });
  const wasm = Buffer.from(wat(refuseByte(NEVER, 'never'))).toString('base64');
  await root.must('op.policy.put', { name: 'never', wasm });
  await root.must('op.policy.bind', { name: 'never', pattern: 'office:*' });
  await root.must('op.schema.register', {
    schema_id: 'note.v1',
    kind: 'json',
    schema: { type: 'object', description: mark },
  });
  await root.must('op.schema.bind', { schema_id: 'note.v1', pattern: 'office:*', mode: 'enforce' });
  await root.must('op.casil.reload', { mode: 'monitor' });
  await root.must('op.continuum.projector.project_event', { event: episodeOf(tenant, mark) });
  const { substrate_id: substrate } = await root.must('op.omega.register_substrate', { name: 'lattice', kind: 'x' });
  await root.must('op.omega.emit_event', { substrate_id: substrate, signal: 'pulse', payload: mark });
}

function episodeOf(tenant: string, mark: string): object {
  return {
    event_id: 'e-1',
    event_type: 'episode.created',
    tenant_id: tenant,
    agent_id: 'planner',
    episode_id: 'first',
    source_ts: '2026-11-26T09:00:00.000250Z',
    schema_version: 1,
    payload: { content_ref: 's3://episodes/first', tags: [], metadata: { mark } },
  };
}

/** How many there are of each kind, as an administrator is told; roles that are shut out for a while are no grants here. */
export async function furnitureOf(root: JsonClient): Promise<Readonly<Record<string, number>>> {
  const count = async (name: string, args: object = {}): Promise<number> => (await itemsOf(root, name, args)).length;
  const jobs = await itemsOf(root, 'op.cron.list');
  const grants = await itemsOf(root, 'op.grant.list');
  const { bindings } = await root.must('op.schema.list');
  const { rooms } = await root.must('list_rooms');
  const { channels } = await root.must('list_channels', { room: 'science' });
  return {
    keys: await count('op.key.list'),
    schedules: jobs.filter(({ status }) => status === 'active' || status === 'paused').length,
    webhooks: await count('op.webhook.list'),
    mirrors: await count('op.mirror.list'),
    tasks: await count('op.task.list'),
    store: await count('op.store.list', { namespace: '*' }),
    grants: grants.filter(({ action, expires_at: end }) => action !== '*' || end === undefined).length,
    policies: await count('op.policy.list'),
    bindings: (bindings as readonly unknown[]).length,
    schemas: await count('op.schema.list'),
    casil: Number((await root.must('op.casil.get'))['revision']) > 0 ? 1 : 0,
    episodes: await count('op.continuum.projector.list'),
    substrates: await count('op.omega.list_substrates'),
    omegaEvents: await count('op.omega.list_events'),
    rooms: (rooms as readonly { readonly room: string }[]).filter(({ room }) => room !== 'science').length,
    channels: (channels as readonly { readonly hardcoded: boolean }[]).filter((one) => !one.hardcoded).length,
  };
}

type Item = Readonly<Record<string, unknown>>;

async function itemsOf(root: JsonClient, name: string, args: object = {}): Promise<readonly Item[]> {
  return (await root.must(name, args))['items'] as readonly Item[];
}
