import type { TenantId } from '@arqonbus/protocol';
import { shippedValkeyUsers, startValkeyServer, waitUntil } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import { createValkeyLink } from '../valkey/valkey-link.ts';
import { createMemoryOmegaStore } from './memory-omega-store.ts';
import { describeOmegaStore } from './omega-store.contract.ts';
import { createValkeyOmegaStore } from './valkey-omega-store.ts';

let nowMs = 5_000;
describeOmegaStore('in memory', async () => ({
  store: createMemoryOmegaStore(() => nowMs),
  endMinute: async () => void (nowMs += 60_000),
  close: async () => undefined,
}));

async function openValkey() {
  const { users, user, password } = shippedValkeyUsers();
  const server = await startValkeyServer({ users });
  const link = createValkeyLink({ urls: [server.url], isCluster: false, user, password, ca: '', timeoutMs: 5_000 });
  await waitUntil(() => link.isUsable(), { what: 'Valkey' });
  return {
    server,
    store: createValkeyOmegaStore(link),
    endMinute: async (tenant: TenantId) => void (await server.command('DEL', `arqon:{${tenant}}:omega:emitted`)),
    close: async () => {
      await link.close();
      await server.stop();
    },
  };
}

describeOmegaStore('Valkey', openValkey);

describe('the lane in Valkey', () => {
  it('[OMG-1] [BRN-2] lies under the tag of its tenant, and is refused while Valkey is away', async () => {
    const { server, store, close } = await openValkey();
    const tenant = 'acme' as TenantId;
    const about = { kind: 'k', metadata: '{}', registeredBy: 'root', registeredAtMs: 1 };
    await store.putSubstrate(tenant, { substrateId: 's_1', name: 'n', ...about }, 1);
    const event = { eventId: 'e_1', substrateId: 's_1', signal: 's', payload: '1', emittedBy: 'root', emittedAtMs: 1 };
    await store.addEvent(tenant, event, { maxEvents: 1, maxPerMinute: 1 });
    const own = "return #redis.call('KEYS', 'arqon:{acme}:omega:*')";
    expect([await server.command('EVAL', own, '0'), await server.command('DBSIZE')]).toEqual(['3', '3']);
    await server.kill();
    await expect(store.figures(tenant)).rejects.toMatchObject({ name: 'BusError' });
    await close();
  });
});
