import { describe, expect, it, vi } from 'vitest';
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
});
