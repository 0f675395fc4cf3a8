import { openAdminSession, startChaosProxy, startStandby } from '@arqonbus/testkit';
import type { ChaosProxy, PostgresServer, PostgresStandby } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { countCodes, numbersOf, startLoad } from './harness/load.ts';
import { report } from './harness/report.ts';

const target = { room: 'lab', channel: 'bench' };

let bus: FaultCluster;
let primary: PostgresServer;
let standby: PostgresStandby;
/** The address of Postgres, whichever server has it. */
let address: ChaosProxy;

beforeAll(async () => {
  bus = await startFaultCluster({}, '', 'own');
  if (bus.postgres === undefined) throw new Error('there is no Postgres of our own');
  primary = bus.postgres;
  standby = await startStandby(primary);
  address = await startChaosProxy({ targetPort: primary.port });
  const at = (hosts: string): string => bus.postgresUrl.replace(`127.0.0.1:${primary.port}/`, `${hosts}/`);
  // One goes to an address that moves, and one knows both servers.
  const urls = [at(`127.0.0.1:${address.port}`), at(`127.0.0.1:${standby.port},127.0.0.1:${primary.port}`)];
  for (const [number, url] of urls.entries()) {
    await bus.brains[number]?.stop();
    await bus.startBrain(number, { ARQONBUS_POSTGRES_URL: url });
  }
}, 60_000);

afterAll(async () => {
  await bus.stop();
  await address.stop();
  await standby.stop();
});

/** As an operator's tools do: the address is the other server's, and nobody is left with the old one. */
async function failOver(): Promise<void> {
  await primary.kill();
  await standby.promote();
  const { port } = address;
  await address.stop();
  address = await startChaosProxy({ targetPort: standby.port, port });
}

async function grantsIn(port: number): Promise<number> {
  const url = new URL(bus.postgresUrl);
  const client = await openAdminSession(`postgres://postgres@127.0.0.1:${port}${url.pathname}`);
  const [row] = await client.query<{ count: string }>('SELECT count(*) FROM arqon.grants');
  await client.close();
  return Number(row?.count);
}

test('[PRD-3] [PRM-3] [BRN-2] R-19, A-19: a standby takes over Postgres: every grant that was acknowledged is there, what is denied stays denied, and the old server gets nothing more', async () => {
  const admin = await bus.connect(0, { user: 'root', role: 'admin' });
  const denied = await bus.connect(1, { user: 'mallory' });
  await denied.must('join_channel', target);
  const wish = { effect: 'allow', action: 'publish', pattern: 'lab:*' };
  await admin.must('op.grant.put', { ...wish, subject: 'user:mallory', effect: 'deny' });
  const attack = startLoad(20, () => denied.publish('lab:bench', 'forbidden'));
  await attack.more(5, ['AUTHORIZATION_ERROR']);

  const load = startLoad(50, (n) => admin.command('op.grant.put', { ...wish, subject: `user:user-${n}` }));
  await load.more(20, ['ok']);
  const failedAt = performance.now();
  await failOver();
  await load.more(20, ['ok']);
  const backMs = performance.now() - failedAt;
  const outcomes = await load.stop();
  const forbidden = await attack.stop();

  const { items } = await admin.must('op.grant.list', { limit: 1_000 });
  const kept = new Set((items as readonly { subject: string }[]).map(({ subject }) => subject));
  expect(numbersOf(outcomes, 'ok').filter((n) => !kept.has(`user:user-${n}`))).toEqual([]);
  expect(Object.keys(countCodes(outcomes)).filter((code) => !['ok', 'UNAVAILABLE', 'TIMEOUT'].includes(code))).toEqual(
    [],
  );
  expect(numbersOf(forbidden, 'ok').filter((n) => n >= 5)).toEqual([]);

  await primary.restart();
  const before = await grantsIn(primary.port);
  await admin.must('op.grant.put', { ...wish, subject: 'user:late' });
  expect([await grantsIn(primary.port), await grantsIn(standby.port)]).toEqual([before, kept.size + 1]);
  report('Postgres taken over by a standby', { 'written again after ms': backMs, ...countCodes(outcomes) });
  for (const client of [admin, denied]) client.end();
}, 120_000);
