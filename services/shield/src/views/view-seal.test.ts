import { randomBytes } from 'node:crypto';
import { createEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createViewSeal } from './view-seal.ts';
import type { ViewSeal } from './view-seal.ts';

const acme = 'acme' as TenantId;
const id = 'arq_0123456789';
const payload = Buffer.from('{"card":"4111 1111 1111 1111"}');

interface Rig {
  readonly seal: ViewSeal;
  readonly counts: { sealed: number; dropped: number; unopened: number };
}

function createRig(...keys: readonly [Uint8Array, ...Uint8Array[]]): Rig {
  const counts = { sealed: 0, dropped: 0, unopened: 0 };
  const seal = createViewSeal(keys, {
    sealed: () => void (counts.sealed += 1),
    dropped: () => void (counts.dropped += 1),
    unopened: () => void (counts.unopened += 1),
  });
  return { seal, counts };
}

const key = randomBytes(32);
const entries = ['role:moderator=*', 'grant=card_number'];

describe('sealed views', () => {
  it('[CAS-12] are open to every Shield with the key, by each of their entries, and show nothing to others', () => {
    const views = createRig(key).seal.seal(acme, id, [{ entries, payload }]);
    expect(Buffer.from(views).toString('latin1')).not.toContain('4111');
    const { seal, counts } = createRig(randomBytes(32), key);
    for (const entry of entries) expect(seal.open(acme, { id, views }, entry)).toEqual(payload);
    expect(seal.open(acme, { id, views }, 'role:guest=*')).toBeUndefined();
    expect(counts.unopened).toBe(0);
  });

  it('[CAS-12] [PRD-6] cannot be opened with another key, in another message or tenant, nor once they were changed', () => {
    const views = createRig(key).seal.seal(acme, id, [{ entries, payload }]);
    const { seal, counts } = createRig(key);
    const changed = Buffer.from(views);
    changed.writeUInt8((changed.at(-1) ?? 0) ^ 1, changed.length - 1);
    const attempts = [
      createRig(randomBytes(32)).seal.open(acme, { id, views }, 'role:moderator=*'),
      seal.open('globex' as TenantId, { id, views }, 'role:moderator=*'),
      seal.open(acme, { id: 'arq_9876543210', views }, 'role:moderator=*'),
      seal.open(acme, { id, views: changed }, 'role:moderator=*'),
      seal.open(acme, { ...createEnvelope('event'), id, views: Uint8Array.of(0xff) }, 'role:moderator=*'),
    ];
    expect(attempts).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(counts.unopened).toBe(4);
  });

  it('[CAS-12] [PRD-5] that are too large for the Spine are left out and counted', () => {
    const { seal, counts } = createRig(key);
    const large = { entries, payload: Buffer.alloc(400_000, 'x') };
    expect(seal.seal(acme, id, [large]).length).toBeGreaterThan(400_000);
    expect(seal.seal(acme, id, [large, large])).toEqual(new Uint8Array(0));
    expect(counts).toEqual({ sealed: 1, dropped: 1, unopened: 0 });
  });
});
