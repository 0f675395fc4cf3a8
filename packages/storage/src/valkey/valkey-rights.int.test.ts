import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { shippedValkeyUsers, startValkeyServer, waitUntil } from '@arqonbus/testkit';
import type { ValkeyServer } from '@arqonbus/testkit';
import { createValkeyLogStore } from './log/valkey-log-store.ts';
import { createValkeyLink } from './valkey-link.ts';
import type { ValkeyLink } from './valkey-link.ts';

const { users, user, password } = shippedValkeyUsers();
const OWN = 'arqon:{acme}:log';
let server: ValkeyServer;
let link: ValkeyLink;
let raw: Redis;

beforeAll(async () => {
  server = await startValkeyServer({ users });
  link = createValkeyLink({ urls: [server.url], isCluster: false, user, password, ca: '' });
  raw = new Redis({ port: server.port, username: user, password, protocol: 2, disableClientInfo: true });
  await waitUntil(() => link.isUsable(), { what: 'Valkey' });
});

afterAll(async () => {
  await link.close();
  raw.disconnect();
  await server.stop();
});

describe('the shipped users of Valkey', () => {
  it('[BRN-2] let a Brain do all that the log needs', async () => {
    const store = createValkeyLogStore(link);
    const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
    const bounds = { maxMessages: 1, maxAgeMs: 60_000, maxBytes: 1_000 };
    const append = (id: string, expectedSeq: number) =>
      store.append({ address, data: new Uint8Array(3), user: 'alice', id, expectedSeq }, bounds);
    const { seq } = await append('arq_rights1', 0);
    expect(await append('arq_rights2', seq)).toMatchObject({ kind: 'stored', prevSeq: seq });
    expect(await store.channels(address.tenant, 'science')).toMatchObject({ channels: ['general'] });
    const page = { isNewestFirst: true, limit: 10, maxBytes: 1_000 };
    expect((await store.readPage(address, page, bounds)).entries).toHaveLength(1);
    await store.trim(address, Number.MAX_SAFE_INTEGER);
    expect(await store.position(address, bounds)).toMatchObject({ firstSeq: 0 });
    await link.ping();
  });

  const script = (lua: string): readonly string[] => ['EVAL', lua, '0'];
  it.each(
    [
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['ACL', 'LIST'],
      ['DEBUG', 'SLEEP', '0'],
      ['SHUTDOWN'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['CLIENT', 'LIST'],
      ['MONITOR'],
      ['SUBSCRIBE', 'arqon'],
      ['PUBLISH', 'arqon', 'x'],
      ['DEL', OWN],
      ['RENAME', OWN, 'arqon:{acme}:other'],
      script("return redis.call('FLUSHALL')"),
      script("return redis.call('GET', 'foreign')"),
      ['GET', 'foreign'],
      ['SET', 'arqon:acme:log', 'x'],
      ['GET', 'other:arqon:{acme}:log'],
    ].map((words) => [words.join(' '), words] as const),
  )('[BRN-2] T-11: forbid it %s', async (_, [command = '', ...rest]) => {
    await expect(raw.call(command, ...rest)).rejects.toThrow(/NOPERM|no permissions|can't (access|run)|ACL failure/i);
  });

  it('[BRN-2] let nobody in without a password', async () => {
    const nobody = new Redis({ port: server.port, protocol: 2, disableClientInfo: true, enableReadyCheck: false });
    await expect(nobody.ping()).rejects.toThrow(/NOAUTH/);
    nobody.disconnect();
  });
});
