import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Episodes of agents: published in a channel, projected beside, read by administrators (CTM-1 to CTM-4).

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;
const CHANNEL = 'continuum:episodes';

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_CONTINUUM_EPISODES_PER_TENANT: '3' });
});

afterAll(() => bus.stop());

function episode(id: string, more: object = {}): Readonly<Record<string, unknown>> {
  return {
    event_id: id,
    event_type: 'episode.created',
    tenant_id: tenants.tenant,
    agent_id: 'planner',
    episode_id: 'e-1',
    source_ts: '2026-11-26T09:00:00.000250Z',
    schema_version: 1,
    payload: { content_ref: `s3://episodes/${id}`, tags: ['plan', 'größe'], metadata: { step: 1 } },
    ...more,
  };
}

async function agent(order: Parameters<typeof enter>[0] = {}): Promise<JsonClient> {
  const client = await enter({ user: 'planner-7', ...order });
  await client.must('join_channel', { room: CHANNEL });
  return client;
}

const admin = (): Promise<JsonClient> => enter({ user: 'root', role: 'admin' });
const projector = (name: string): string => `op.continuum.projector.${name}`;

/** Waits until everything that was published is projected, or dead. */
async function settled(root: JsonClient, counts: object): Promise<void> {
  const expected = { lag_ms: 0, ...counts };
  await vi.waitFor(async () => expect(await root.must(projector('status'))).toMatchObject(expected), 10_000);
}

it('[CTM-1] [CTM-2] [PRD-4] what an agent publishes is projected, once and in the end as its latest event, in its tenant alone', async () => {
  const [planner, root] = [await agent(), await admin()];
  const foreign = await enter({ tenant: `${tenants.tenant}-other`, user: 'root', role: 'admin' });
  const later = episode('b', { event_type: 'episode.summarized', source_ts: '2026-11-26T09:00:00.000251Z' });
  for (const event of [later, episode('a'), later]) {
    expect(await planner.publish(CHANNEL, event)).toMatchObject({ status: 'success' });
  }
  await settled(root, { projection_count: 1, seen_event_count: 2, dlq_count: 0 });
  const place = { agent_id: 'planner', episode_id: 'e-1' };
  const projection = {
    ...place,
    event_id: 'b',
    event_type: 'episode.summarized',
    source_ts: '2026-11-26T09:00:00.000251Z',
    deleted: false,
    payload: later['payload'],
  };
  expect(await root.must(projector('get'), place)).toEqual({ found: true, projection });
  expect(await root.must(projector('list'), { agent_id: 'planner' })).toEqual({ items: [projection] });
  expect(await foreign.must(projector('get'), place)).toEqual({ found: false });
  expect((await foreign.must(projector('list')))['items']).toEqual([]);
  const gone = episode('c', { event_type: 'episode.deleted', source_ts: '2026-11-26T09:00:01Z', payload: undefined });
  await planner.publish(CHANNEL, gone);
  await settled(root, { seen_event_count: 3 });
  expect(await root.must(projector('get'), place)).toMatchObject({ found: false, projection: { deleted: true } });
  expect((await root.must(projector('list'), { deleted: true }))['items']).toHaveLength(1);
});

it('[CTM-1] [SAF-2] what may not come in is refused to who publishes it, and nobody hears it', async () => {
  const [planner, watcher, root] = [await agent(), await agent({ user: 'watcher' }), await admin()];
  const refusal = async (payload: unknown, more: object = {}): Promise<unknown> => {
    const { error_code: code, payload: details } = await planner.publish(CHANNEL, payload, more);
    return [code, details['errors']];
  };
  const hidden = { content_ref: 'x', tags: [], metadata: { deep: [{ embedding_vector: [1] }] } };
  const field = 'payload.payload.metadata.deep.0.embedding_vector';
  expect(await refusal(episode('a', { payload: hidden }))).toEqual([
    'VALIDATION_ERROR',
    [{ field, problem: 'forbidden_key' }],
  ]);
  expect(await refusal(episode('a', { tenant_id: 'acme' }))).toEqual([
    'VALIDATION_ERROR',
    [{ field: 'payload.tenant_id', problem: 'foreign_tenant' }],
  ]);
  expect(await refusal([1])).toEqual(['VALIDATION_ERROR', [{ field: 'payload', problem: 'malformed' }]]);
  await planner.publish(CHANNEL, episode('fine'));
  expect((await watcher.nextEvent()).payload).toMatchObject({ event_id: 'fine' });
  await settled(root, { projection_count: 1, seen_event_count: 1, dlq_count: 0 });
});

it('[CTM-3] bad events and those beyond the quota become dead letters, with the reason, and can be tried again', async () => {
  const [planner, root] = [await agent(), await admin()];
  for (const id of ['1', '2', '3']) await planner.publish(CHANNEL, episode(id, { episode_id: id }));
  // Brains share the work, so the fourth could be the first.
  await settled(root, { projection_count: 3 });
  await planner.publish(CHANNEL, episode('4', { episode_id: '4' }));
  await settled(root, { dlq_count: 1 });
  await planner.publish(CHANNEL, episode('v2', { schema_version: 2 }));
  await settled(root, { projection_count: 3, dlq_count: 2 });
  const { items } = await root.must(projector('dlq.list'));
  expect(items).toMatchObject([
    { event_id: '4', reason: 'quota' },
    { event_id: 'v2', reason: 'unsupported_version', field: 'schema_version', event: { schema_version: 2 } },
  ]);
  const again = { selected_count: 2, projected: 0, duplicates: 0, stale_rejected: 0, dlq_queued: 2 };
  expect(await root.must(projector('dlq.replay'))).toEqual(again);
  const [letter] = items as readonly { readonly dead_letter_id: string }[];
  const one = { dead_letter_id: letter?.dead_letter_id };
  expect(await root.must(projector('dlq.replay'), one)).toMatchObject({ selected_count: 1, dlq_queued: 1 });
  expect(await root.command(projector('dlq.replay'), { dead_letter_id: 'd_none' })).toMatchObject({
    error_code: 'NOT_FOUND',
  });
  const audited = await root.must('op.audit.list', { action: projector('dlq.replay') });
  expect(audited['items']).not.toEqual([]);
});

it('[CTM-3] an administrator projects single events, and makes the projection again of what was published', async () => {
  const [planner, root] = [await agent(), await admin()];
  const project = (event: object): Promise<object> => root.must(projector('project_event'), { event });
  expect(await project(episode('b', { source_ts: '2026-11-26T10:00:00Z' }))).toEqual({ status: 'projected' });
  expect(await project(episode('b', { source_ts: '2026-11-26T10:00:00Z' }))).toEqual({ status: 'duplicate' });
  expect(await project(episode('a'))).toEqual({ status: 'stale_rejected' });
  const bad = episode('c', { raw_content: 'the secret' });
  expect(await project(bad)).toMatchObject({ status: 'dlq_queued', reason: 'forbidden_key', field: 'raw_content' });
  expect(JSON.stringify(await root.must(projector('dlq.list')))).not.toContain('the secret');
  await planner.publish(CHANNEL, episode('d', { agent_id: 'artist' }));
  await settled(root, { projection_count: 2 });
  const before = await root.must(projector('list'));
  const counts = { projected: 0, duplicates: 2, stale_rejected: 1, dlq_queued: 0 };
  expect(await root.must(projector('backfill'), { dry_run: true })).toEqual({
    selected_count: 3,
    ...counts,
    dry_run: true,
  });
  expect(await root.must(projector('backfill'), { tenant_id: tenants.tenant })).toMatchObject(counts);
  expect(await root.must(projector('list'))).toEqual(before);
  const early = { to_ts: '2026-11-26T09:30:00Z', agent_id: 'planner', dry_run: true };
  expect(await root.must(projector('backfill'), early)).toMatchObject({ selected_count: 1, stale_rejected: 1 });
});

it('[CTM-3] [PRM-1] is for administrators, of their own tenant', async () => {
  const [alice, root] = [await enter(), await admin()];
  for (const name of ['status', 'list', 'dlq.list', 'dlq.replay', 'backfill']) {
    expect(await alice.command(projector(name))).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  }
  expect(await root.command(projector('backfill'), { tenant_id: 'acme' })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
  for (const args of [{ from_ts: 'yesterday' }, { agent_id: '' }, { cursor: 'x' }]) {
    expect(await root.command(projector('backfill'), args)).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  }
});

it('[CTM-3] [CLI-1] the command line projects an event, and says what is wrong with one', async () => {
  const token = await bus.token({ tenant: tenants.tenant, user: 'root', role: 'admin' });
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: token };
  const project = async (event: string, ...flags: string[]): Promise<readonly [number | null, string]> => {
    const run = runArqon(['continuum', 'project', event, ...flags], env);
    return [await run.exited, `${run.stdout()}${run.stderr()}`];
  };
  const [good, bad] = [episode('shell'), episode('shell-bad', { schema_version: 2 })].map((one) => JSON.stringify(one));
  expect(await project(good ?? '', '--json')).toEqual([0, '{"status":"projected"}\n']);
  const [code, text] = await project(bad ?? '');
  expect([code, text]).toEqual([
    1,
    expect.stringMatching(/^dlq_queued {2}unsupported_version {2}schema_version {2}d_/),
  ]);
});
