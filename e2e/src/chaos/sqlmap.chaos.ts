import { createDevelopmentIssuer } from '@arqonbus/auth';
import { createTestDatabase, queryDatabase } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followClient } from '../faults/harness/followed-client.ts';
import type { FollowedClient } from '../faults/harness/followed-client.ts';
import { report } from '../faults/harness/report.ts';
import { startCommandRelay } from '../harness/command-relay.ts';
import type { CommandRelay } from '../harness/command-relay.ts';
import { commandSamples, sampleOf } from '../harness/command-samples.ts';
import { connectJson } from '../harness/json-client.ts';
import { roomyLimits } from '../harness/roomy-limits.ts';
import { runSqlmap } from '../harness/sqlmap.ts';
import type { SqlmapTarget } from '../harness/sqlmap.ts';
import type { BusServers } from '../harness/start-bus.ts';
import { startClusterServers } from '../harness/start-cluster-servers.ts';

// T-12 with sqlmap itself. sql-injection.test.ts tries its ways in seconds, in both modes.
const LIMIT_MS = 900_000;

let servers: BusServers;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let relay: CommandRelay;

const tokenOf = (): Promise<string> =>
  createDevelopmentIssuer({ secret: servers.jwtSecret, now: Date.now }).issue({
    tenant: 'acme',
    user: 'mallory',
    role: 'admin',
    ttlMs: LIMIT_MS,
  });

async function connect(): Promise<FollowedClient> {
  const port = Number(new URL(servers.addresses[0]?.['ws_url'] ?? '').port);
  return followClient(await connectJson({ port, token: await tokenOf(), answerPings: true }));
}

beforeAll(async () => {
  const env = {
    ...roomyLimits,
    ARQONBUS_LIMITS_BAD_FRAMES_PER_MINUTE: '10000',
    ARQONBUS_LIMITS_REFUSALS_PER_TEN_SECONDS: '1000000',
    ARQONBUS_BRIDGE_MESSAGES_PER_SECOND: '1000000',
  };
  [servers, database] = await Promise.all([startClusterServers(env, 0, 1), createTestDatabase()]);
  await queryDatabase(database.ownerUrl, "CREATE TABLE planted (name text); INSERT INTO planted VALUES ('nobody')");
  // What it must find: a statement that is put together of what was sent.
  const own = (query: URLSearchParams): Promise<unknown> =>
    queryDatabase(database.ownerUrl, `SELECT name FROM planted WHERE name = '${query.get('name') ?? ''}'`);
  const [bridgeUrl = ''] = servers.bridgeUrls;
  relay = await startCommandRelay({ connect, bridgeUrl, token: await tokenOf(), own });
}, 60_000);

afterAll(async () => {
  await relay.close();
  await servers.stop();
  await database.drop();
});

/** Every text of every command. `*` is what marks a place for it, so no value has one. */
function commandTargets(): readonly SqlmapTarget[] {
  return commandSamples().flatMap(({ command, texts, args }) => {
    const body = JSON.stringify({ ...Object.fromEntries(texts.map((name) => [name, sampleOf(name)])), ...args });
    return texts.length === 0
      ? []
      : [{ method: 'POST', url: `${relay.url}/${command}`, body: body.replaceAll('*', '') }];
  });
}

/** What of HTTP takes a text: paths, queries, and a body that travels the same way as all. */
function bridgeTargets(): readonly SqlmapTarget[] {
  const query = 'cursor=1&limit=10&order=asc&since=1&until=2&user=nobody&subject=user:nobody&prefix=n';
  const lists = ['grants', 'bans', 'rooms', 'rooms/lab/presence', 'rooms/lab/channels/bench/history'];
  const paths = ['rooms/lab*/channels', 'rooms/lab*/presence', 'rooms/lab/channels/bench*/history'];
  return [
    ...lists.map((list) => ({ method: 'GET', url: `${relay.url}/v1/${list}?${query}` })),
    ...paths.map((path) => ({ method: 'GET', url: `${relay.url}/v1/${path}` })),
    ...['bans', 'grants'].map((path) => ({ method: 'DELETE', url: `${relay.url}/v1/${path}/nobody*` })),
    { method: 'POST', url: `${relay.url}/v1/commands/op.store.set`, body: '{"key":"nobody","value":"nobody"}' },
  ];
}

test(
  '[BRN-2] [BRG-1] [PRD-4] T-12: sqlmap finds the one place that was planted, and none in commands and HTTP',
  async () => {
    const planted = { method: 'GET', url: `${relay.url}/own?name=nobody` };
    const targets = [...commandTargets(), ...bridgeTargets(), planted];
    const startedAt = performance.now();
    const { found, tried } = await runSqlmap(targets);
    report('sqlmap', { targets: targets.length, tried, seconds: (performance.now() - startedAt) / 1_000 });
    expect(found.map((row) => row.split(',')[0])).toEqual([planted.url]);
    expect(tried).toBeGreaterThan(targets.length);
    // It got as far as the database, and was kept there as what it is.
    const { items } = await (await connect()).must('op.store.list', { limit: 1_000 });
    expect(JSON.stringify(items)).toContain('PG_SLEEP');
  },
  LIMIT_MS,
);
