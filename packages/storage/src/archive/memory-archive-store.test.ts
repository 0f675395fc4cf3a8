import type { TenantId } from '@arqonbus/protocol';
import { expect, it } from 'vitest';
import { describeArchiveStore } from './archive-store.contract.ts';
import { createMemoryArchiveStore } from './memory-archive-store.ts';

describeArchiveStore('memory', async () => ({ store: createMemoryArchiveStore(), close: async () => undefined }));

it('[LOG-15] [PRD-5] an archive in memory is bounded: the oldest go first', async () => {
  const store = createMemoryArchiveStore({ maxBytes: 10_000 });
  const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
  const publications = Array.from({ length: 20 }, (_, index) => ({
    address,
    epoch: 'e1',
    seq: index + 1,
    prevSeq: index,
    timestampMs: 1_750_000_000_000,
    user: 'ada',
    data: new Uint8Array(1_000),
  }));
  const from = await store.position('memory', 'i1');
  await store.add({ source: 'memory', incarnation: 'i1', from, endSeq: 20, gaps: [], publications });
  const range = { isNewestFirst: false, limit: 100, maxBytes: 1_048_576 };
  const { entries } = await store.readPage(address, 'e1', range);
  expect(entries.map(({ seq }) => seq)).toEqual([14, 15, 16, 17, 18, 19, 20]);
});
