import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { policyChainKey, policyModuleKey } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { unavailable } from '../audit/audit-rig.ts';
import { allowing, contested, startPolicies } from './policy-rig.ts';

const acme = 'acme' as TenantId;

describe('binding a policy', () => {
  it('[WSM-1] takes the newest version or the one named, one a name and pattern, until it is unbound', async () => {
    const { put, bind, unbind, record } = startPolicies();
    await put('filter', allowing(1));
    await put('filter', allowing(2));
    expect((await bind('filter', 'lab:*')).binding).toMatchObject({ version: 2 });
    await bind('filter', '*', { order: -5 });
    const bound = await bind('filter', 'lab:*', { version: 1, order: 7 });
    expect(Number(bound.revision)).toBeGreaterThan(0);
    expect((await record()).bindings).toMatchObject([
      { pattern: '*', version: 2, order: -5 },
      { pattern: 'lab:*', version: 1, order: 7 },
    ]);
    expect([await unbind('filter', 'lab:*'), await unbind('filter', 'lab:*'), await unbind('other')]).toEqual([
      1, 0, 0,
    ]);
    await bind('filter', 'attic:*');
    expect(await unbind('filter')).toBe(2);
    expect((await record()).bindings).toEqual([]);
  });

  it('[WSM-1] reaches no other tenant', async () => {
    const { put, bind, unbind, remove, record } = startPolicies();
    await put('filter');
    await expect(bind('filter', '*', { tenant: 'globex' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await put('filter', allowing(), { tenant: 'globex' });
    await bind('filter', '*');
    expect([await unbind('filter', '', 'globex'), await remove('filter', 0, 'globex')]).toEqual([0, 1]);
    expect((await record()).bindings).toHaveLength(1);
  });

  it.each([
    ['a b', 0, 0, 'VALIDATION_ERROR'],
    ['*', 1_001, 0, 'VALIDATION_ERROR'],
    ['*', -1_001, 0, 'VALIDATION_ERROR'],
    ['*', 0, 9, 'NOT_FOUND'],
  ])('[WSM-1] to %s, in the order %d, in version %d is refused (%s)', async (pattern, order, version, code) => {
    const { put, bind, record } = startPolicies();
    await put('filter');
    await expect(bind('filter', pattern, { order, version })).rejects.toMatchObject({ code });
    expect((await record()).bindings).toEqual([]);
  });

  it('[WSM-1] [PRD-5] is refused with QUOTA_EXCEEDED at the thirty-third, but one may take the place of another', async () => {
    const { put, bind } = startPolicies();
    await put('filter');
    for (let n = 0; n < 32; n += 1) await bind('filter', `room-${n}`);
    await expect(bind('filter', 'one-more')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect((await bind('filter', 'room-7', { order: 3 })).binding).toMatchObject({ order: 3 });
  });
});

describe('deleting a policy', () => {
  it('[WSM-1] is refused with CONFLICT while that version is bound', async () => {
    const { put, bind, unbind, remove, record } = startPolicies();
    await put('filter', allowing(1));
    await put('filter', allowing(2));
    await bind('filter', '*', { version: 1 });
    await expect(remove('filter')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(remove('filter', 1)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await remove('filter', 2)).toBe(1);
    expect((await record()).modules).toMatchObject([{ version: 1 }]);
    await unbind('filter');
    expect([await remove('filter'), await remove('filter')]).toEqual([1, 0]);
  });

  it('[WSM-1] deletes the binary with the last that names it, and ends its trial', async () => {
    const { put, remove, dryRun, record, binaries } = startPolicies();
    await put('a');
    await put('b');
    await dryRun('a', 0, 5);
    await remove('a');
    expect([(await record()).dryRuns, await binaries()]).toEqual([[], [expect.any(String)]]);
    await remove('b');
    expect(await binaries()).toEqual([]);
  });

  it('[WSM-1] [WSM-6] leaves a binary that somebody puts meanwhile', async () => {
    const rig = startPolicies((bucket) => ({
      get: (key) => bucket.get(key),
      list: (prefix) => bucket.list(prefix),
      watch: (prefix, onChange) => bucket.watch(prefix, onChange),
      create: (key, value) => bucket.create(key, value),
      update: (key, value, revision) => bucket.update(key, value, revision),
      delete: async (key, revision) => {
        await rig.put('again');
        await bucket.delete(key, revision);
      },
    }));
    await rig.put('filter');
    expect(await rig.remove('filter')).toBe(1);
    expect((await rig.record()).modules).toMatchObject([{ name: 'again' }]);
    expect(await rig.binaries()).toEqual([(await rig.record()).modules[0]?.digest]);
  });
});

describe('a trial of a policy', () => {
  it('[WSM-1] is known until its end, and ended by 0 minutes', async () => {
    const { put, dryRun, record, clock } = startPolicies();
    await put('filter', allowing(1));
    await put('filter', allowing(2));
    expect(await dryRun('filter', 1, 2)).toBe(121_000n);
    expect((await record()).dryRuns).toMatchObject([{ name: 'filter', version: 1, untilMs: 121_000n }]);
    await dryRun('filter', 2, 1);
    expect((await record()).dryRuns).toMatchObject([{ version: 2 }]);
    await dryRun('filter', 0, 0);
    expect((await record()).dryRuns).toEqual([]);
    await dryRun('filter', 0, 1);
    clock.nowMs = 61_000;
    await put('other');
    expect((await record()).dryRuns).toEqual([]);
    await expect(dryRun('filter', 0, 61)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(dryRun('nowhere', 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('[WSM-1] [PRD-5] is refused with QUOTA_EXCEEDED while four others go on, and not afterwards', async () => {
    const { put, dryRun, clock } = startPolicies();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name);
    for (const name of ['a', 'b', 'c', 'd']) await dryRun(name, 0, 1);
    await expect(dryRun('e', 0, 1)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await dryRun('a', 0, 2)).toBe(121_000n);
    clock.nowMs = 61_000;
    expect(await dryRun('e', 0, 1)).toBe(121_000n);
  });
});

describe('a change of policies', () => {
  it('[WSM-1] is refused with CONFLICT where others are faster every time, whichever it is', async () => {
    let isLost = false;
    const { put, bind, unbind, remove, dryRun, bucket } = startPolicies(contested(() => isLost));
    await put('filter');
    await put('spare');
    await bind('filter', '*');
    const before = await bucket.get(policyChainKey(acme));
    isLost = true;
    for (const change of [
      () => bind('filter', 'lab:*'),
      () => unbind('filter'),
      () => remove('spare'),
      () => dryRun('filter', 0, 1),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect((await bucket.get(policyChainKey(acme)))?.value).toEqual(before?.value);
  });

  it('[WSM-1] [WSM-6] is refused where the record cannot be read, which is not written over', async () => {
    const { put, bind, unbind, remove, dryRun, bucket, audited } = startPolicies();
    const damaged = Uint8Array.of(0xff, 0xff);
    await bucket.create(policyChainKey(acme), damaged);
    for (const change of [
      () => put('filter'),
      () => bind('filter', '*'),
      () => unbind('filter'),
      () => remove('filter'),
      () => dryRun('filter', 0, 1),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    expect((await bucket.get(policyChainKey(acme)))?.value).toEqual(damaged);
    expect(audited.counts().recorded).toEqual([]);
  });

  it('[AUD-1] [WSM-1] that others were faster than is not told as if it had been made', async () => {
    let left = 0;
    const { put, bind, audited } = startPolicies(contested(() => left-- > 0));
    await put('filter');
    left = 1;
    await bind('filter', '*');
    const entries = await audited.trail.read(acme, { afterPosition: 2, limit: 10, maxBytes: 65_536 });
    const records = entries.map(({ data }) => fromBinary(AuditRecordSchema, data));
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'done', 'intent', 'done']);
    const [intent, lost, again, done] = records;
    expect(lost).toMatchObject({ after: intent?.before, details: '{"code":"CONFLICT"}' });
    expect(done).toMatchObject({ after: again?.after, target: 'policy:filter', actor: 'user:root' });
    expect(done?.after).not.toBe(again?.before);
  });

  it('[AUD-1] [WSM-1] is audited before it is done, with digests, and not done where that cannot be', async () => {
    const rig = startPolicies();
    const { put, bind, unbind, remove, dryRun, audited, bucket } = rig;
    const seen: number[] = [];
    audited.onAppend = async () => void seen.push((await bucket.list('')).length);
    const { module } = await put('filter');
    // Neither binary nor record are there when the intent is written.
    expect(seen).toEqual([0, 2]);
    await bind('filter', 'lab:*');
    audited.failure = unavailable();
    const before = await bucket.list('');
    for (const change of [
      () => put('filter', allowing(1)),
      () => bind('filter', '*'),
      () => unbind('filter'),
      () => dryRun('filter', 0, 1),
    ]) {
      await expect(change()).rejects.toBeInstanceOf(BusError);
    }
    expect(await bucket.list('')).toEqual(before);
    audited.failure = undefined;
    await unbind('filter');
    audited.failure = unavailable();
    await expect(remove('filter')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await bucket.get(policyModuleKey(acme, module?.digest ?? ''))).toBeDefined();
  });
});
