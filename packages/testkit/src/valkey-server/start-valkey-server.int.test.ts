import { afterEach, describe, expect, it, vi } from 'vitest';
import { findValkeyServer } from './find-valkey-server.ts';
import { startValkeyServer } from './start-valkey-server.ts';
import type { ValkeyServer, ValkeyServerOptions } from './start-valkey-server.ts';

const servers: ValkeyServer[] = [];

async function start(options: ValkeyServerOptions = {}): Promise<ValkeyServer> {
  const server = await startValkeyServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('startValkeyServer', () => {
  it('[QLT-2] runs a real server with its own configuration until it is stopped', async () => {
    const server = await start({ config: 'maxmemory 64mb' });
    expect(await server.command('SET', 'greeting', 'héllo wörld')).toBe('OK');
    expect(await server.command('GET', 'greeting')).toBe('héllo wörld');
    expect(await server.command('INFO', 'memory')).toContain('maxmemory:67108864');
    await expect(server.command('NONSENSE')).rejects.toThrow(/unknown command/);
    await server.stop();
    await server.stop();
    await expect(server.command('PING')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('[QLT-2] comes back on its port after a crash: empty, or with all it had where it is persistent', async () => {
    for (const persistent of [false, true]) {
      const server = await start({ persistent });
      await server.command('SET', 'kept', 'yes');
      await server.kill();
      await expect(server.command('PING')).rejects.toThrow(/ECONNREFUSED/);
      await server.restart();
      expect(await server.command('GET', 'kept')).toBe(persistent ? 'yes' : '');
    }
  });

  it('[QLT-2] copies another one, until it is promoted', async () => {
    const primary = await start();
    const replica = await start({ replicaOf: primary });
    await primary.command('SET', 'copied', 'yes');
    await vi.waitFor(async () => expect(await replica.command('GET', 'copied')).toBe('yes'), 5_000);
    await expect(replica.command('SET', 'own', 'yes')).rejects.toThrow(/READONLY/);
    await replica.promote();
    expect(await replica.command('SET', 'own', 'yes')).toBe('OK');
  });

  it('[QLT-2] says what the server did not like, or what to install', async () => {
    await expect(startValkeyServer({ config: 'maxmemory none-of-your-business' })).rejects.toThrow(
      /Valkey server ended[^]*maxmemory/,
    );
    expect(() => findValkeyServer({ VALKEY_SERVER_PATH: '/nowhere' })).toThrow(/apt-get install redis-server/);
  });
});
