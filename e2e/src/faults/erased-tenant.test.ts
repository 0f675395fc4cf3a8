import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shippedValkeyUsers, startValkeyServer, startWebhookSink } from '@arqonbus/testkit';
import type { ValkeyServer, WebhookSink } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { furnishTenant } from '../harness/furnish-tenant.ts';
import { connectJson } from '../harness/json-client.ts';
import type { JsonClient } from '../harness/json-client.ts';
import { runArqon } from '../harness/run-arqon.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';

// What a tenant that was erased leaves in Postgres and on the disk of NATS, table by table: docs/erasing.md says so.

const TENANT = 'leaving-tenant';
const CANARY = 'kanari-5d20b7e1';

let bus: FaultCluster;
let valkey: ValkeyServer;
let sink: WebhookSink;

beforeAll(async () => {
  const { users, env } = shippedValkeyUsers();
  valkey = await startValkeyServer({ users });
  sink = await startWebhookSink();
  const rules = [
    { pattern: '*:lasting', profile: 'durable' },
    { pattern: '*:*', profile: 'default' },
  ];
  bus = await startFaultCluster({
    ...env,
    ARQONBUS_VALKEY_URL: valkey.url,
    ARQONBUS_OMEGA_ENABLED: 'true',
    ARQONBUS_LOG_RULES: JSON.stringify(rules),
  });
});

afterAll(async () => {
  await bus.stop();
  await sink.close();
  await valkey.stop();
});

async function enter(user: string, role: 'user' | 'admin'): Promise<JsonClient> {
  return connectJson({ port: bus.port(0), token: await bus.token({ tenant: TENANT, user, role }) });
}

interface Table {
  readonly name: string;
  /** Of the tenant. */
  readonly rows: number;
  /** Of them, those in which the text stands, plainly or as bytes. */
  readonly marked: number;
}

/** The tables that have rows of the tenant, by name. */
async function tablesOf(): Promise<readonly Table[]> {
  const session = await bus.openAdminSession();
  const bytes = Buffer.from(CANARY).toString('hex');
  const isMarked = `t::text LIKE '%${CANARY}%' OR t::text LIKE '%${bytes}%'`;
  try {
    const all = await session.query<{ readonly name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
       WHERE c.relnamespace = 'arqon'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
    );
    const tables: Table[] = [];
    for (const { name } of all) {
      const [row] = await session.query<{ readonly rows: number; readonly marked: number }>(
        `SELECT count(*)::int AS rows, count(*) FILTER (WHERE ${isMarked})::int AS marked
         FROM arqon.${name} t WHERE tenant_id = '${TENANT}'`,
      );
      if (row !== undefined && row.rows > 0) tables.push({ name, ...row });
    }
    return tables;
  } finally {
    await session.close();
  }
}

/** Streams of NATS on whose disk the text stands. */
function streamsWith(text: string): readonly string[] {
  const streams = join(bus.nats.storeDir, 'jetstream', '$G', 'streams');
  return readdirSync(streams)
    .filter((stream) =>
      readdirSync(join(streams, stream), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text)),
    )
    .toSorted();
}

/** An episode, as its agent publishes it: the stream of events holds it too. */
const episode = {
  event_id: 'e-told',
  event_type: 'episode.created',
  tenant_id: TENANT,
  agent_id: 'planner',
  episode_id: 'second',
  source_ts: '2026-11-26T09:00:00.000250Z',
  schema_version: 1,
  payload: { content_ref: 's3://episodes/second', tags: [CANARY], metadata: {} },
};

const namesOf = (tables: readonly Table[]): readonly string[] => tables.map(({ name }) => name);
const marked = (tables: readonly Table[]): readonly string[] => namesOf(tables.filter((table) => table.marked > 0));

test('[T-15] [LOG-15] an erased tenant has left in tables and streams what the documentation says, and nothing else', async () => {
  const [root, alice] = [await enter('root', 'admin'), await enter('alice', 'user')];
  for (const channel of ['bench', 'lasting']) await alice.must('join_channel', { room: 'lab', channel });
  await alice.must('join_channel', { room: 'continuum', channel: 'episodes' });
  await furnishTenant({ root, alice, tenant: TENANT, sinkUrl: sink.url, mark: CANARY });
  for (const target of ['lab:bench', 'lab:lasting', 'lab:*']) {
    expect(await alice.publish(target, CANARY)).toMatchObject({ status: 'success' });
  }
  expect(await alice.publish('continuum:episodes', episode)).toMatchObject({ status: 'success' });
  const isSettled = async (): Promise<boolean> => {
    const told = await root.must('op.continuum.projector.status');
    return namesOf(await tablesOf()).includes('archive') && told['projection_count'] === 2;
  };
  await expect.poll(isSettled, { timeout: 20_000 }).toBe(true);
  const before = await tablesOf();
  const lasting = ['archive', 'continuum_episodes', 'cron_jobs', 'store_entries', 'tasks', 'webhooks'];
  expect(marked(before)).toEqual(expect.arrayContaining(lasting));
  expect(streamsWith(CANARY)).toEqual(expect.arrayContaining(['LOG_default_0', 'LOG_durable_0']));

  const token = await bus.token({ tenant: TENANT, user: 'root', role: 'admin' });
  const env = { ARQONBUS_WS_URL: `ws://127.0.0.1:${bus.port(1)}/v1/socket`, ARQONBUS_AUTH_JWT: token };
  const run = runArqon(['tenant', 'erase', '--yes', '--timeout', '60000'], env);
  expect([await run.exited, run.stderr()]).toEqual([0, '']);

  const after = await tablesOf();
  expect(namesOf(after)).toEqual([
    'audit_records',
    'continuum_episodes',
    'continuum_events',
    'continuum_tenants',
    'cron_due',
    'cron_jobs',
    'grant_sets',
    'grants',
    'store_entries',
    'store_tenants',
    'tasks',
    'tenants',
  ]);
  // The names of what was done, what is over, and the name of a deleted key.
  expect(marked(after)).toEqual(['audit_records', 'cron_jobs', 'store_entries', 'tasks']);
  const kept = ['AUDIT', 'CONTINUUM', 'KV_ARQON_CHANNELS', 'KV_ARQON_KEYS', 'KV_ARQON_WEBHOOKS'];
  expect(streamsWith(CANARY).filter((stream) => !kept.includes(stream))).toEqual([]);
  root.end();
}, 120_000);
