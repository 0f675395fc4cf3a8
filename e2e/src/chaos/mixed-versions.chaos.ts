import { randomBytes } from 'node:crypto';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import { startCluster } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { drillTable } from '../faults/harness/drill-table.ts';
import { runKillDrill } from '../faults/harness/kill-drill.ts';
import { previousRelease } from '../harness/previous-release.ts';
import { runArqon } from '../harness/run-arqon.ts';
import { developmentSettings, programs } from '../harness/start-cluster-servers.ts';

const SIZE = {
  clients: 60,
  rooms: 16,
  publicationsPerSecond: 100,
  seconds: 30,
  kills: 8,
  pauseBetweenKillsMs: 1_000,
  drainMs: 3_000,
};

test('[DPL-3] [PRD-3] [LOG-9] a cluster of the previous release becomes one of today, process by process under load, and goes back: nothing is lost, doubled or refused', async () => {
  const result = await runKillDrill({ ...SIZE, from: previousRelease() });
  process.stdout.write(drillTable(SIZE, result));
  expect(result.texts).toEqual([]);
  expect(result).toMatchObject({ notAcknowledged: 0, signals: 0, ghosts: 0, unseen: 0 });
  // Brains of that release do not write down which Shields they have heard: some clients come back as others.
  expect(result.strangers).toBeLessThan(SIZE.clients / 2);
  expect(result.killed.length).toBeGreaterThanOrEqual(SIZE.kills);
}, 600_000);

test('[DPL-3] [MIR-1] a Shield of today answers as one of the previous release under copies of the same traffic, and one that is set otherwise is found out', async () => {
  const { programs: old, known } = previousRelease();
  const secret = randomBytes(32).toString('hex');
  const running = { ...programs, shield: old.shield };
  const cluster = await startCluster({ programs: running, shields: 1, env: developmentSettings(secret), known });
  try {
    running.shield = programs.shield;
    const [today, strict] = [
      await cluster.startShield(1),
      await cluster.startShield(2, { ARQONBUS_LIMITS_MAX_DEPTH: '4' }),
    ];
    const issuer = createDevelopmentIssuer({ secret, now: Date.now });
    const token = await issuer.issue({ tenant: 'trial', user: 'shadow', role: 'user', ttlMs: 600_000 });
    const payloads = Array.from({ length: 60 }, (_, n) =>
      n % 20 === 0 ? [[[[[['deep']]]]]] : { n, text: 'ü'.repeat(n * 40) },
    );
    const lines = payloads.map((payload, n) =>
      JSON.stringify({
        id: `arq_${n}`,
        room: n % 2 === 0 ? 'science' : 'lab',
        channel: 'general',
        content_type: 'application/json',
        payload: JSON.stringify(payload),
      }),
    );
    const compareWith = async (canary: string): Promise<readonly [number | null, string]> => {
      const stable = cluster.shields[0]?.addresses()['ws_url'] ?? '';
      const args = ['shadow', '--ws-url', stable, '--canary', canary, '--tenant', 'trial', '--json'];
      const run = runArqon(args, { ARQONBUS_AUTH_JWT: token }, lines.join('\n'));
      return [await run.exited, run.stdout() + run.stderr()];
    };
    const [code, output] = await compareWith(today.addresses()['ws_url'] ?? '');
    process.stdout.write(output);
    expect([code, output]).toEqual([0, expect.stringContaining('{"compared":60,"different":0,"left_out":0')]);
    const [strictCode, differences] = await compareWith(strict.addresses()['ws_url'] ?? '');
    process.stdout.write(differences);
    expect([strictCode, differences]).toEqual([1, expect.stringContaining('stable: acknowledged, canary: ')]);
    expect(differences).toContain('"different":3');
  } finally {
    await cluster.kill();
  }
}, 300_000);
