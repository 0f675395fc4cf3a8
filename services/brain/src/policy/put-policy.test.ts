import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { MAX_FUEL, policyLimits } from '@arqonbus/policy';
import { PolicyChainRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { allowing, contested, startPolicies, storeRecord } from './policy-rig.ts';

function digestOf(wasm: Uint8Array): string {
  return createHash('sha256').update(wasm).digest('hex');
}

describe('putting a policy', () => {
  it('[WSM-1] makes it the next version of its name, in its tenant, with its binary beside it', async () => {
    const { put, record, binaries, clock, lines } = startPolicies();
    const first = await put('filter', allowing(1), { fuel: 5_000, memoryBytes: 65_536 });
    expect(first).toMatchObject({ module: { version: 1, digest: digestOf(allowing(1)) }, abi: 'arqon_host_v1' });
    expect(first.exports.toSorted()).toEqual(['memory', 'policy_check']);
    clock.nowMs = 2_000;
    expect((await put('filter', allowing(2))).module?.version).toBe(2);
    expect((await put('other', allowing(2))).module?.version).toBe(1);
    expect((await put('filter', allowing(3), { tenant: 'globex' })).module?.version).toBe(1);
    const bytes = allowing(1).length;
    expect((await record()).modules).toMatchObject([
      { name: 'filter', version: 1, bytes, fuel: 5_000, memoryBytes: 65_536, createdAtMs: 1_000n, createdBy: 'root' },
      { name: 'filter', version: 2, fuel: 0, memoryBytes: 0, createdAtMs: 2_000n },
      { name: 'other', version: 1 },
    ]);
    expect((await binaries()).toSorted()).toEqual([digestOf(allowing(1)), digestOf(allowing(2))].toSorted());
    expect(await binaries('globex')).toEqual([digestOf(allowing(3))]);
    expect(lines[0]).toEqual({
      event: 'policy_changed',
      tenant: 'acme',
      action: 'op.policy.put',
      policy: 'filter',
      changed_by: 'user:root',
    });
  });

  it('[WSM-1] of the same bytes is the version that it was, unless its caps are others, and nothing is written', async () => {
    const { put, record, audited, bucket } = startPolicies();
    await put('filter');
    const before = await bucket.list('');
    expect((await put('filter')).module?.version).toBe(1);
    expect((await put('filter', gzipSync(allowing()))).module).toMatchObject({ version: 1 });
    expect([await bucket.list(''), audited.counts().recorded]).toEqual([before, ['intent', 'done']]);
    expect((await put('filter', allowing(), { fuel: 2_000 })).module?.version).toBe(2);
    // The newest counts: what was there before it is put anew.
    expect((await put('filter')).module?.version).toBe(3);
    expect((await record()).modules.map(({ digest }) => digest)).toEqual(Array(3).fill(digestOf(allowing())));
  });

  it('[WSM-1] [PRD-5] is refused with QUOTA_EXCEEDED where a tenant has 32 versions, or 8 MiB of them', async () => {
    const rig = startPolicies();
    for (let fuel = 1_000; fuel < 1_032; fuel += 1) await rig.put('filter', allowing(), { fuel });
    await expect(rig.put('one-more')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect((await rig.put('filter', allowing(), { fuel: 1_031 })).module?.version).toBe(32);
    expect((await rig.put('one-more', allowing(), { tenant: 'globex' })).module?.version).toBe(1);
    const full = startPolicies();
    const modules = [{ name: 'large', version: 1, digest: 'a', bytes: 8_388_608 - allowing().length }];
    await storeRecord(full, create(PolicyChainRecordSchema, { modules }));
    await full.put('filter');
    await expect(full.put('filter', allowing(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await full.binaries()).toEqual([digestOf(allowing())]);
  });

  it('[WSM-1] is refused with CONFLICT where others are faster every time, and tried again where they are once', async () => {
    let left = 0;
    const { put, record } = startPolicies(contested(() => left-- > 0));
    await put('first');
    left = Number.POSITIVE_INFINITY;
    await expect(put('filter')).rejects.toMatchObject({ code: 'CONFLICT' });
    left = 1;
    expect((await put('filter')).module?.version).toBe(1);
    expect((await record()).modules.map(({ name }) => name)).toEqual(['first', 'filter']);
  });

  it('[WSM-1] loses none of several that are put at once', async () => {
    const { put, record } = startPolicies();
    await Promise.all([put('a'), put('b'), put('c')]);
    expect((await record()).modules.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['a name that is none', 'Filter', allowing(), {}],
    ['a tenant that is none', 'filter', allowing(), { tenant: 'not a tenant' }],
    ['too little fuel', 'filter', allowing(), { fuel: 999 }],
    ['too much fuel', 'filter', allowing(), { fuel: MAX_FUEL + 1 }],
    ['too little memory', 'filter', allowing(), { memoryBytes: 65_535 }],
    ['too much memory', 'filter', allowing(), { memoryBytes: policyLimits.memoryBytes + 1 }],
    ['what is no module', 'filter', Uint8Array.of(1, 2, 3), {}],
    ['what is no gzip', 'filter', Uint8Array.of(0x1f, 0x8b, 3), {}],
    ['a gzip of too much', 'filter', gzipSync(new Uint8Array(policyLimits.moduleBytes + 1)), {}],
  ])('[WSM-1] [WSM-3] of %s is refused, and nothing is stored or audited', async (_, name, wasm, more) => {
    const { put, bucket, audited } = startPolicies();
    await expect(put(name, wasm, more)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect([await bucket.list(''), audited.counts().recorded]).toEqual([[], []]);
  });
});
