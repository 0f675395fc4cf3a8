import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SHIPPED_RULES } from '@arqonbus/config';
import { findPostgres } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { startFaultCluster } from '../faults/harness/fault-cluster.ts';
import type { FaultCluster } from '../faults/harness/fault-cluster.ts';

// docs/backup.md, carried out: everything that keeps something is destroyed, and brought back from a copy that is older.

const target = { room: 'vault', channel: 'ledger' };

test('[LOG-4] [LOG-9] [PRM-3] O-16: what was backed up is there again, and nobody goes on from a position that is another message now', async () => {
  const bus = await startFaultCluster({ ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES) }, '', 'own');
  const backup = mkdtempSync(join(tmpdir(), 'arqonbus-backup-'));
  try {
    const admin = await bus.connect(0, { user: 'root', role: 'admin' });
    await admin.must('join_channel', target);
    for (let n = 1; n <= 10; n++) expect(await admin.publish('vault:ledger', n)).toMatchObject({ code: 'ok' });
    const denied = { subject: 'user:mallory', action: 'join', pattern: 'vault:*', effect: 'deny' };
    await admin.must('op.grant.put', denied);

    await backUp(bus, backup);
    await expect
      .poll(() => admin.publish('vault:ledger', 'lost 11'), { timeout: 20_000 })
      .toMatchObject({ code: 'ok' });
    for (const n of [12, 13, 14, 15]) await admin.publish('vault:ledger', `lost ${n}`);
    const seen = await admin.must('history', { ...target, limit: 100 });
    const { seq } = (seen['publications'] as { seq: number }[]).at(-1) ?? { seq: 0 };
    const from = { epoch: seen['epoch'], seq };
    expect(from).toEqual({ epoch: expect.any(String), seq: expect.any(Number) });
    expect(seq).toBeGreaterThanOrEqual(15);

    await destroy(bus);
    await restore(bus, backup);

    const again = await bus.connect(0, { user: 'root', role: 'admin' });
    const page = await again.must('history', { ...target, limit: 100 });
    const kept = (page['publications'] as { payload: unknown }[]).map(({ payload }) => payload);
    expect(kept).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await again.must('join_channel', target);
    // The sequences of what was lost are given out again: who stands there must not take the new for what it has.
    for (let n = 11; n <= 20; n++) expect(await again.publish('vault:ledger', n)).toMatchObject({ code: 'ok' });
    const away = await bus.connect(1, { user: 'alice' });
    expect(await away.must('join_channel', { ...target, from })).toMatchObject({ recovered: false });
    const mallory = await bus.connect(1, { user: 'mallory' });
    expect(await mallory.command('join_channel', target)).toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  } finally {
    rmSync(backup, { recursive: true, force: true });
    await bus.stop();
  }
});

/** While the bus runs; NATS is down while its files are copied. */
async function backUp({ nats, postgres }: FaultCluster, folder: string): Promise<void> {
  postgresTool('pg_dump', postgres, [
    '--format=custom',
    `--file=${join(folder, 'arqonbus.dump')}`,
    databaseOf(postgres),
  ]);
  await nats.kill();
  cpSync(nats.storeDir, join(folder, 'nats'), { recursive: true });
  await nats.restart();
}

/** Every process, the files of NATS and the database. */
async function destroy({ shields, brains, nats, postgres }: FaultCluster): Promise<void> {
  await Promise.all([...shields, ...brains].map((service) => service.kill()));
  await nats.kill();
  rmSync(nats.storeDir, { recursive: true });
  const database = databaseOf(postgres);
  postgresTool('psql', postgres, [
    '-qc',
    `DROP DATABASE ${database}`,
    '-c',
    `CREATE DATABASE ${database} OWNER arqon_owner`,
    'postgres',
  ]);
}

async function restore(bus: FaultCluster, folder: string): Promise<void> {
  const { nats, postgres } = bus;
  const isLeftOut = (path: string): boolean => basename(path) === 'KV_ARQON_LOG';
  cpSync(join(folder, 'nats'), nats.storeDir, { recursive: true, filter: (path) => !isLeftOut(path) });
  await nats.restart();
  postgresTool('pg_restore', postgres, ['-d', databaseOf(postgres), join(folder, 'arqonbus.dump')]);
  await Promise.all([bus.startBrain(0), bus.startBrain(1)]);
  await Promise.all([bus.restartShield(0), bus.restartShield(1)]);
}

function databaseOf(postgres: FaultCluster['postgres']): string {
  const sql = "SELECT datname FROM pg_database WHERE datname LIKE 'test_%'";
  return postgresTool('psql', postgres, ['-Atc', sql, 'postgres']).trim();
}

/** Beside the server, where distributions put all of them. */
function postgresTool(name: string, postgres: FaultCluster['postgres'], args: readonly string[]): string {
  const folder = dirname(findPostgres().postgres);
  const program = readdirSync(folder).includes(name) ? join(folder, name) : name;
  const where = ['-h', '127.0.0.1', '-p', String(postgres?.port), '-U', 'postgres'];
  return execFileSync(program, [...where, ...args], { encoding: 'utf8' });
}
