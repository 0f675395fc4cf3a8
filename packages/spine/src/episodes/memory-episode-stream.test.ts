import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { describeEpisodeStream } from './episode-stream.contract.ts';
import { createMemoryEpisodeStream } from './memory-episode-stream.ts';

const acme = 'acme' as TenantId;
const range = { afterSeq: 0, limit: 9, maxBytes: 1_000 };

describeEpisodeStream('in memory', async () => {
  const stream = createMemoryEpisodeStream({ maxBytes: 1_048_576, maxAgeMs: 60_000, now: Date.now });
  return { near: stream, far: stream, close: async () => undefined };
});

describe('the stream of episodes in memory', () => {
  it('[CTM-4] [PRD-5] gives up the oldest and what is too old, and is never full', async () => {
    let nowMs = 0;
    const stream = createMemoryEpisodeStream({ maxBytes: 100, maxAgeMs: 1_000, now: () => nowMs });
    const add = (id: string, length: number): Promise<void> =>
      stream.add({ tenant: acme, id, data: new Uint8Array(length) });
    for (const id of ['1', '2', '3']) await add(id, 40);
    const sizes = async (): Promise<number[]> => (await stream.read(acme, range)).events.map(({ seq }) => seq);
    expect([await sizes(), (await stream.backlog()).waiting]).toEqual([[2, 3], 2]);
    nowMs = 500;
    await add('4', 20);
    nowMs = 1_001;
    expect(await sizes()).toEqual([4]);
    await expect(add('5', 101)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
