import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMetrics } from '@arqonbus/telemetry';
import { createTestCertificate, startValkeyServer } from '@arqonbus/testkit';
import type { ValkeyServer, ValkeyServerOptions } from '@arqonbus/testkit';
import { createValkeyLink } from './valkey-link.ts';
import type { ValkeyLink, ValkeyLinkOptions } from './valkey-link.ts';
import { addValkeyGauges, createValkeyMetrics } from './valkey-metrics.ts';
import { createScript } from './valkey-script.ts';

const echo = createScript('', 'return {KEYS[1], ARGV[1]}');
const servers: ValkeyServer[] = [];
const links: ValkeyLink[] = [];

async function start(options: ValkeyServerOptions = {}): Promise<ValkeyServer> {
  const server = await startValkeyServer(options);
  servers.push(server);
  return server;
}

function open(url: string, more: Partial<ValkeyLinkOptions> = {}): ValkeyLink {
  const link = createValkeyLink({ urls: [url], isCluster: false, user: '', password: '', ca: '', ...more });
  links.push(link);
  return link;
}

const whenUsable = (link: ValkeyLink): Promise<void> =>
  vi.waitFor(() => expect(link.isUsable()).toBe(true), { timeout: 10_000 });

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** What a call came to. */
async function outcomeOf(link: ValkeyLink): Promise<string> {
  try {
    await link.run(echo, ['key'], ['x']);
    return 'ok';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe('the connection to Valkey', () => {
  it('[BRN-2] runs scripts with keys and bytes as they are, known to the server or not', async () => {
    const server = await start();
    const link = open(server.url);
    await whenUsable(link);
    const bytes = Uint8Array.of(0, 255, 13, 10, 128);
    for (const forget of [false, true]) {
      if (forget) await server.command('SCRIPT', 'FLUSH');
      const answers = await Promise.all([1, 2].map(() => link.run(echo, ['arqon:{acme}:x'], [bytes])));
      expect(answers).toEqual([1, 2].map(() => [Buffer.from('arqon:{acme}:x'), Buffer.from(bytes)]));
    }
  });

  it('[BRN-2] R-17: refuses at once while nobody is there, queues nothing, and is back by itself', async () => {
    const server = await start();
    let connections = 0;
    const link = open(server.url);
    link.onConnected(() => (connections += 1));
    await whenUsable(link);
    await server.kill();
    await vi.waitFor(() => expect(link.isUsable()).toBe(false));
    const startedMs = performance.now();
    expect(await Promise.all(Array.from({ length: 50 }, () => outcomeOf(link)))).toEqual(
      Array.from({ length: 50 }, () => 'UNAVAILABLE'),
    );
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect(link.inFlight()).toBe(0);
    await server.restart();
    await whenUsable(link);
    expect([await outcomeOf(link), connections]).toEqual(['ok', 2]);
  });

  it('[BRN-2] [LOG-7] says that nobody knows of what was on its way when the server died', async () => {
    const server = await start();
    const link = open(server.url, { timeoutMs: 5_000 });
    await whenUsable(link);
    server.suspend();
    const outcome = outcomeOf(link);
    await vi.waitFor(() => expect(link.inFlight()).toBe(1));
    await server.kill();
    expect(await outcome).toBe('TIMEOUT');
  });

  it('[BRN-2] R-16: gives up a server that stands still after its timeout, asks it no more, and is back when it is', async () => {
    const server = await start();
    const metrics = createMetrics();
    const link = open(server.url, { timeoutMs: 100, maxInFlight: 20, observer: createValkeyMetrics(metrics) });
    addValkeyGauges(metrics, link);
    await whenUsable(link);
    expect(await outcomeOf(link)).toBe('ok');
    server.suspend();
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcomeOf(link)));
    expect(outcomes.filter((outcome) => outcome === 'TIMEOUT')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'UNAVAILABLE')).toHaveLength(10);
    // Five in a row have failed: from here on it costs nobody any time.
    expect(await outcomeOf(link)).toBe('UNAVAILABLE');
    expect([link.isUsable(), link.inFlight()]).toEqual([false, 0]);
    server.resume();
    await vi.waitFor(async () => expect(await outcomeOf(link)).toBe('ok'), { timeout: 10_000 });
    await whenUsable(link);
    const text = metrics.render();
    expect(text).toContain('arqonbus_valkey_usable 1');
    expect(text).toContain('arqonbus_valkey_calls_in_flight 0');
    expect(text).toContain('arqonbus_valkey_failures_total{reason="busy"} 10');
    expect(text).toContain('arqonbus_valkey_failures_total{reason="timeout"} 20');
    expect(text).toMatch(/arqonbus_valkey_call_duration_seconds_count [2-9]/);
  });

  it('[BRN-2] leaves a server that has become a replica, since its name may lead to another one by now', async () => {
    const [server, primary] = [await start(), await start()];
    const link = open(server.url);
    let connections = 0;
    link.onConnected(() => (connections += 1));
    await whenUsable(link);
    await server.command('REPLICAOF', '127.0.0.1', String(primary.port));
    const write = createScript('', "return redis.call('SET', KEYS[1], 'x')");
    await expect(link.run(write, ['key'], [])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await vi.waitFor(() => expect(connections).toBe(2), { timeout: 5_000 });
  });

  it('[BRN-2] speaks TLS, with a server that it can check and no other', async () => {
    const tls = createTestCertificate(7);
    const { port } = await start({ tls });
    const errors: Error[] = [];
    const url = `rediss://localhost:${port}`;
    const [trusting, wary] = [open(url, { ca: tls.cert }), open(url, { onError: (e) => void errors.push(e) })];
    await whenUsable(trusting);
    expect(await outcomeOf(trusting)).toBe('ok');
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
    expect([await outcomeOf(wary), errors[0]?.message]).toEqual(['UNAVAILABLE', expect.stringMatching(/certificate/)]);
  });
});
