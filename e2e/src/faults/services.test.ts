import { startNatsServer, startServiceProcess } from '@arqonbus/testkit';
import type { ServiceProcess } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { runArqon } from '../harness/run-arqon.ts';
import { programs } from '../harness/start-cluster-servers.ts';

// The services themselves: how they start, wait and end.

const secret = {
  ARQONBUS_AUTH_JWT_SECRET: 'b7e1f0a9c2d84e56b7e1f0a9c2d84e5602f4',
  ARQONBUS_LOG_ID_KEY: 'c4a19e07d3b85f62c4a19e07d3b85f62',
  // Not there: a Brain starts without it.
  ARQONBUS_STORAGE_BACKEND: 'postgres',
  ARQONBUS_POSTGRES_URL: 'postgres://arqon_brain@127.0.0.1:9/arqonbus',
};
const freePorts = { ARQONBUS_SERVER_PORT: '0', ARQONBUS_HTTP_PORT: '0', ARQONBUS_TELEMETRY_PORT: '0' };

function start(name: 'shield' | 'brain', env: Readonly<Record<string, string>>, args: string[] = []): ServiceProcess {
  return startServiceProcess({ name, program: programs[name], args, env: { ...freePorts, ...env } });
}

test.for(['shield', 'brain'] as const)(
  '[CFG-4] [ARC-9] a %s that is configured wrongly starts nothing, and names everything',
  async (name) => {
    const wrong = { ARQONBUS_NATS_UR: 'x', ARQONBUS_AUTH_JWT_SECRET: 'short', ARQONBUS_HTTP_PORT: '99999' };
    const service = start(name, wrong);
    expect(await service.exited).toBe(1);
    for (const key of ['ARQONBUS_NATS_UR', 'ARQONBUS_HTTP_PORT']) expect(service.log()).toContain(`arqon: ${key} `);
    const second = start(name, { ARQONBUS_AUTH_JWT_SECRET: 'short', ARQONBUS_CASIL_REDACTION_PATTERNS: '([' });
    expect(await second.exited).toBe(1);
    for (const key of ['auth.jwt_secret', 'nats.url', 'casil.redaction_patterns'])
      expect(second.log()).toContain(`arqon: ${key} `);
    expect(`${service.log()}${second.log()}`).not.toContain('short');
    const flags = start(name, secret, ['--nonsense']);
    expect(await flags.exited).toBe(2);
  },
);

test.for(['shield', 'brain'] as const)(
  '[ARC-5] [CLI-2] O-13: a %s without NATS lives, is not ready, and ends when it is told to',
  async (name) => {
    const service = start(name, { ...secret, ARQONBUS_NATS_URL: 'nats://127.0.0.1:9' });
    const port = (): string => /"admin_listening","port":(\d+)/.exec(service.log())?.[1] ?? '';
    await expect.poll(port, { timeout: 10_000 }).not.toBe('');
    const health = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port()}/health/${path}`)).status;
    expect([await health('live'), await health('ready')]).toEqual([200, 503]);
    const client = { ARQONBUS_WS_URL: 'ws://127.0.0.1:9/v1/socket', ARQONBUS_AUTH_JWT: 'x' };
    const doctor = runArqon(['doctor', 'a:b', '--json', '--http-url', `http://127.0.0.1:${port()}`], client);
    expect(await doctor.exited).toBe(1);
    expect(doctor.stdout()).toContain('"check":"service","outcome":"failed","text":"unavailable: spine down');
    await service.stop();
    expect(await service.exited).toBe(0);
  },
);

test('[ARC-5] O-13: a Shield that came before its Brain is ready as soon as that one is there', async () => {
  const nats = await startNatsServer({ jetstream: true, config: 'max_payload: 2MB' });
  const env = { ...secret, ARQONBUS_NATS_URL: nats.url };
  const shield = start('shield', env);
  await expect.poll(shield.log, { timeout: 10_000 }).toContain('waiting_for_spine');
  const brain = start('brain', env);
  await shield.ready;
  const ready = await fetch(`${shield.addresses()['http_url']}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'ok',
      checks: { spine: 'ok', bans: 'ok', grants: 'ok', casil: 'ok', schemas: 'ok', policies: 'ok', brain: 'ok' },
    },
  ]);
  await shield.stop();
  await brain.stop();
  expect([await shield.exited, await brain.exited]).toEqual([0, 0]);
  await nats.stop();
});
