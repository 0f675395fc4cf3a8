import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore } from '@arqonbus/spine';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelRegistry } from './channel-registry.ts';

const tenant = 'acme' as TenantId;

function codeOf(error: unknown): string {
  return error instanceof BusError ? error.code : String(error);
}

async function openRegistry(maxPerTenant: number): Promise<ChannelRegistry> {
  const registry = new ChannelRegistry({
    bucket: createMemoryKeyValueStore().bucket('ARQON_CHANNELS'),
    bootstrap: new Map(),
    maxPerTenant: () => maxPerTenant,
    listener: { onAdded: () => undefined, onRemoved: () => undefined },
  });
  await registry.open();
  return registry;
}

/** What becomes of a creation, and of the channels that are there. */
function makeUpTo(max: number, there: Set<string>, name: string): string {
  if (!there.has(name) && there.size >= max) return 'QUOTA_EXCEEDED';
  there.add(name);
  return 'made';
}

describe('the channels of a tenant', () => {
  it('[PRD-5] [PRT-23] never pass their number through any changes, several at once too, and none below it is refused', async () => {
    const channel = fc.integer({ min: 0, max: 9 }).map((n) => `c${n}`);
    const step = fc.record({ deleted: fc.option(channel), made: fc.uniqueArray(channel, { maxLength: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 20 }), async (max, steps) => {
        const registry = await openRegistry(max);
        const there = new Set<string>();
        for (const { deleted, made } of steps) {
          if (deleted !== null) await registry.remove({ tenant, room: 'lab', channel: deleted });
          there.delete(deleted ?? '');
          const records = made.map((name) => create(ChannelRecordSchema, { room: 'lab', channel: name }));
          const making = records.map((record) => registry.create(tenant, record));
          const outcomes = await Promise.all(making.map((one) => one.then(() => 'made', codeOf)));
          expect(outcomes).toEqual(made.map((name) => makeUpTo(max, there, name)));
          expect(registry.countOf(tenant).channels).toBe(there.size);
        }
        registry.close();
      }),
    );
  });
});
