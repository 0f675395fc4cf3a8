import { createDevelopmentIssuer } from '@arqonbus/auth';
import { consumeMirror } from '@arqonbus/example-mirror-consumer';
import type { MirrorConsumer } from '@arqonbus/example-mirror-consumer';
import type { Envelope } from '@arqonbus/protocol';
import { startCluster } from '@arqonbus/testkit';
import type { Cluster } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectJson } from '../harness/json-client.ts';
import type { JsonClient } from '../harness/json-client.ts';
import { developmentSettings, programs } from '../harness/start-cluster-servers.ts';

// The example of a consumer, as the user that is shipped for it, behind a whole cluster (MIR-1).

const SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c';
const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');

let cluster: Cluster;
let consumer: MirrorConsumer;
const copies: Envelope[] = [];

beforeAll(async () => {
  const env = { ...developmentSettings(SECRET), ARQONBUS_CASIL_ENABLED: 'true', ARQONBUS_CASIL_MODE: 'enforce' };
  cluster = await startCluster({ programs, postgres: 'shared', shields: 1, brains: 1, env });
  const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: password = '' } = cluster.natsUser('shadow');
  consumer = await consumeMirror({ servers: [cluster.nats.url], user, password }, (copy) => void copies.push(copy));
});

afterAll(async () => {
  await consumer.close();
  await cluster.stop();
});

async function enter(user: string, role: 'admin' | 'user'): Promise<JsonClient> {
  const issuer = createDevelopmentIssuer({ secret: SECRET, now: Date.now });
  const token = await issuer.issue({ tenant: 'acme-corp.eu', user, role, ttlMs: 3_600_000 });
  const port = Number(new URL(cluster.shields[0]?.addresses()['ws_url'] ?? '').port);
  return connectJson({ port, token });
}

test('[MIR-1] [SAF-2] [SPN-2] a consumer gets what was delivered: redacted, marked, and nothing that was refused', async () => {
  const [admin, alice] = [await enter('root', 'admin'), await enter('alice', 'user')];
  await admin.must('op.mirror.put', { pattern: 'lab:*', percent: 100 });
  await alice.must('join_channel', { room: 'lab', channel: 'bench' });
  const publish = async (payload: unknown): Promise<number> => {
    await alice.publish('lab:bench', payload);
    return copies.length;
  };
  await expect.poll(() => publish({ text: 'is it there?' })).toBeGreaterThan(0);
  copies.length = 0;
  const refused = await alice.publish('lab:bench', { text: awsKey });
  expect(refused.error_code).toBe('CASIL_POLICY_BLOCKED_SECRET');
  await alice.publish('lab:bench', { text: 'card 4111 1111 1111 1111' }, { headers: { 'x-arqon-shadow': 'false' } });
  const shown = (): readonly string[] => copies.map(({ payload }) => new TextDecoder().decode(payload));
  await expect.poll(shown).toContain('{"text":"card ***REDACTED***"}');
  expect(shown().join('')).not.toMatch(/AKIA|4111/);
  const [{ headers, room, channel, sender, metadata } = copies[0] as Envelope] = copies.slice(-1);
  expect({ headers, room, channel, sender }).toEqual({
    headers: { 'x-arqon-shadow': 'true' },
    room: 'lab',
    channel: 'bench',
    sender: alice.clientId,
  });
  expect(JSON.parse(new TextDecoder().decode(metadata))).toMatchObject({ tenant_id: 'acme-corp.eu' });
  for (const client of [admin, alice]) client.end();
});
