import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { freePort, startValkeyServer } from '@arqonbus/testkit';
import type { ValkeyServer, ValkeyServerOptions } from '@arqonbus/testkit';
import { createValkeyLink } from '../valkey-link.ts';
import type { ValkeyLink } from '../valkey-link.ts';
import type { AppendOutcome, LogStore } from './log-store.ts';
import { createValkeyLogStore } from './valkey-log-store.ts';

const bounds = { maxMessages: 100, maxAgeMs: 60_000, maxBytes: 1_048_576 };
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const everything = { isNewestFirst: false, limit: 1_000, maxBytes: 1_048_576 };

const servers: ValkeyServer[] = [];
const links: ValkeyLink[] = [];

async function start(options: ValkeyServerOptions = {}): Promise<ValkeyServer> {
  const server = await startValkeyServer(options);
  servers.push(server);
  return server;
}

async function open({ url }: ValkeyServer, isCluster = false): Promise<LogStore> {
  const link = createValkeyLink({ urls: [url], isCluster, user: '', password: '', ca: '' });
  links.push(link);
  await vi.waitFor(() => expect(link.isUsable()).toBe(true), 5_000);
  return createValkeyLogStore(link);
}

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

let ids = 0;
function append(store: LogStore, text = `text ${ids}`, own: Partial<typeof bounds> = {}): Promise<AppendOutcome> {
  const id = `arq_store${ids++}`;
  return store.append({ address, data: new TextEncoder().encode(text), user: 'alice', id }, { ...bounds, ...own });
}

async function seqsOf(store: LogStore): Promise<readonly number[]> {
  return (await store.readPage(address, everything, bounds)).entries.map(({ seq }) => seq);
}

describe('the log on Valkey', () => {
  it('[LOG-6] gives sequences in the order of the calls, each with the one before, and the true predecessor for ever', async () => {
    const store = await open(await start());
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => append(store)));
    const seqs = outcomes.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(outcomes.map(({ prevSeq }) => prevSeq)).toEqual([0, ...seqs.slice(0, -1)]);
    await store.trim(address, Number.MAX_SAFE_INTEGER);
    expect(await seqsOf(store)).toEqual([]);
    expect((await append(store)).prevSeq).toBe(seqs.at(-1));
  });

  it('[LOG-6] [BRN-2] keeps all keys of a tenant in its own slot: Valkey Cluster runs every script', async () => {
    // Its own choice is 10,000 above the other, which somebody may have.
    const port = `cluster-port ${await freePort()}`;
    const server = await start({ config: `cluster-enabled yes\ncluster-announce-ip 127.0.0.1\n${port}` });
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await vi.waitFor(async () => expect(await server.command('CLUSTER', 'INFO')).toContain('cluster_state:ok'), 10_000);
    const store = await open(server, true);
    const { seq, epoch } = await append(store);
    expect(await store.position(address, bounds)).toEqual({ epoch, firstSeq: seq, lastSeq: seq });
    expect(await store.channels(address.tenant, address.room)).toEqual({ epoch, channels: ['general'] });
    expect(await seqsOf(store)).toEqual([seq]);
    await store.trim(address, seq + 1);
    expect((await server.command('KEYS', '*')).length).toBeGreaterThan(0);
    expect(
      await server.command(
        'EVAL',
        "return #redis.call('KEYS', 'arqon:{acme}:*') .. '/' .. #redis.call('KEYS', '*')",
        '0',
      ),
    ).toBe('5/5');
  });

  it('[LOG-4] R-14: a failover with lag gives another epoch, and no sequence that was given before', async () => {
    const primary = await start();
    const replica = await start({ replicaOf: primary });
    const [before, after] = [await open(primary), await open(replica)];
    const kept = await append(before);
    await vi.waitFor(async () => expect(await seqsOf(after)).toEqual([kept.seq]), 5_000);
    // From here on the replica hears nothing of what the old primary still acknowledges.
    await replica.promote();
    const lost = [await append(before), await append(before)];
    await primary.kill();
    const next = await append(after);
    expect(next.epoch).not.toBe(kept.epoch);
    expect(next.seq).toBeGreaterThan(Math.max(...lost.map(({ seq }) => seq)));
    expect(next.prevSeq).toBe(kept.seq);
    expect(await after.position(address, bounds)).toMatchObject({ epoch: next.epoch });
  });

  it.each([
    ['R-15: a restart that loses everything', (server: ValkeyServer) => server.restart()],
    ['everything deleted', (server: ValkeyServer) => server.command('FLUSHALL')],
  ] as const)('[LOG-4] %s gives another epoch, and no sequence twice', async (_, lose) => {
    const server = await start();
    const store = await open(server);
    const before = await append(store);
    await lose(server);
    const { epoch, lastSeq } = await vi.waitFor(() => store.position(address, bounds), 5_000);
    expect([epoch === before.epoch, lastSeq]).toEqual([false, 0]);
    const after = await append(store);
    expect([after.epoch, after.prevSeq]).toEqual([epoch, 0]);
    expect(after.seq).toBeGreaterThan(before.seq);
  });

  it('[LOG-4] one epoch for a tenant, from before its first entry on; another one for each tenant', async () => {
    const store = await open(await start());
    const { epoch } = await store.position(address, bounds);
    expect((await append(store)).epoch).toBe(epoch);
    expect((await store.position({ ...address, tenant: 'other' as TenantId }, bounds)).epoch).not.toBe(epoch);
  });

  it('[LOG-6] [LOG-7] a full server refuses what comes and still gives what it has', async () => {
    const server = await start({ config: 'maxmemory-policy noeviction' });
    const store = await open(server);
    const { seq, epoch } = await append(store);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(append(store)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await seqsOf(store)).toEqual([seq]);
    expect(await store.position(address, bounds)).toEqual({ epoch, firstSeq: seq, lastSeq: seq });
    await store.trim(address, seq + 1);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect((await append(store)).prevSeq).toBe(seq);
  });

  it('[LOG-1] keeps no more bytes than the profile says, and refuses what is larger than all of them', async () => {
    const store = await open(await start());
    const own = { maxBytes: 1_000 };
    for (let n = 0; n < 10; n++) await append(store, 'x'.repeat(200), own);
    const { entries } = await store.readPage(address, everything, bounds);
    expect(entries).toHaveLength(3);
    await expect(append(store, 'x'.repeat(900), own)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[LOG-1] forgets what is too old: entry by entry in a busy channel, all of it in a silent one', async () => {
    const store = await open(await start());
    await append(store, 'old', { maxAgeMs: 40 });
    const young = await vi.waitFor(async () => {
      const { seq } = await append(store);
      const first = (await seqsOf(store))[0];
      // The one before it is over by now, and went when this one came.
      const { firstSeq } = await store.position(address, { ...bounds, maxAgeMs: 40 });
      expect(firstSeq).toBeGreaterThan(first ?? 0);
      return seq;
    });
    await append(store, 'last', { maxAgeMs: 40 });
    await vi.waitFor(async () => expect(await seqsOf(store)).toEqual([]));
    expect(await store.channels(address.tenant, address.room)).toMatchObject({ channels: [] });
    expect(young).toBeGreaterThan(0);
  });

  it('[LOG-18] reads in pages, bounded in bytes, from either end', async () => {
    const store = await open(await start());
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => append(store, 'x'.repeat(100))));
    const seqs = outcomes.map(({ seq }) => seq);
    for (const isNewestFirst of [false, true]) {
      const read: number[] = [];
      let nextSeq = 0;
      let pages = 0;
      do {
        const from = nextSeq === 0 ? {} : isNewestFirst ? { beforeSeq: nextSeq } : { afterSeq: nextSeq };
        const page = await store.readPage(address, { ...from, isNewestFirst, limit: 100, maxBytes: 1_050 }, bounds);
        read.push(...page.entries.map(({ seq }) => seq));
        ({ nextSeq } = page);
        pages += 1;
      } while (nextSeq > 0);
      expect([read, pages]).toEqual([isNewestFirst ? seqs.toReversed() : seqs, 4]);
    }
  });
});
