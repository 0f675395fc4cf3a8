import { describe, expect, it, vi } from 'vitest';
import { BUCKET_TTL_MS } from './key-value.ts';
import { describeKeyValue } from './key-value.contract.ts';
import { createMemoryKeyValueStore } from './memory-key-value.ts';

describeKeyValue('in memory', async () => {
  const store = createMemoryKeyValueStore();
  return { near: store, far: store, close: async () => undefined };
});

describe('createMemoryKeyValueStore', () => {
  it('[SPN-6] reports what a watcher throws, and goes on telling it and others', async () => {
    const errors: unknown[] = [];
    const bucket = createMemoryKeyValueStore((error) => errors.push(error)).bucket('ARQON_BANS');
    const bug = new Error('a bug in a watcher');
    const told: string[] = [];
    const failing = bucket.watch('', () => {
      throw bug;
    });
    const sound = bucket.watch('', ({ key }) => told.push(key));
    await Promise.all([failing.ready, sound.ready]);
    await bucket.create('acme.alice', Uint8Array.of(1));
    await bucket.create('acme.bob', Uint8Array.of(2));
    await vi.waitFor(() => expect(errors).toEqual([bug, bug]));
    expect(told).toEqual(['acme.alice', 'acme.bob']);
    failing.stop();
    sound.stop();
  });

  it('[PRT-7] forgets resumes after their time, each from when it was written last, and nothing else', async () => {
    let nowMs = 0;
    const store = createMemoryKeyValueStore(undefined, () => nowMs);
    const [resumes, bans] = [store.bucket('ARQON_RESUMES'), store.bucket('ARQON_BANS')];
    const ttlMs = BUCKET_TTL_MS.ARQON_RESUMES ?? 0;
    const first = await resumes.create('acme.n1_a', Uint8Array.of(1));
    await resumes.create('acme.n1_b', Uint8Array.of(1));
    await bans.create('acme.alice', Uint8Array.of(1));
    nowMs = ttlMs - 1;
    await resumes.update('acme.n1_a', Uint8Array.of(2), first);
    nowMs = ttlMs;
    expect((await resumes.list('')).map(({ key }) => key)).toEqual(['acme.n1_a']);
    nowMs = 2 * ttlMs - 1;
    expect([await resumes.get('acme.n1_a'), (await bans.list('')).length]).toEqual([undefined, 1]);
    await resumes.create('acme.n1_a', Uint8Array.of(3));
  });
});
