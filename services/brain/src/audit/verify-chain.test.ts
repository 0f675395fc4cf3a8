import { AuditRecordSchema, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import type { TrailEntry } from '@arqonbus/spine';
import { beforeEach, describe, expect, it } from 'vitest';
import { acme, createAuditRig } from './audit-rig.ts';
import type { AuditRig } from './audit-rig.ts';
import { hashOf } from './audit-record.ts';
import { watchChains } from './watch-chains.ts';

let rig: AuditRig;

beforeEach(async () => {
  rig = createAuditRig();
  for (let i = 1; i <= 9; i++) await note(`user-${i}`);
});

function note(target: string): Promise<void> {
  const action = { tenant: acme, actor: 'user:root', action: 'op.ban.lift', target: `user:${target}` };
  return rig.audit.note(action);
}

/** A record of the chain with something changed; `isHashed`: its hash is made to fit again. */
function edit(entry: TrailEntry, change: (record: AuditRecord) => void, isHashed = true): TrailEntry {
  const record = fromBinary(AuditRecordSchema, entry.data);
  change(record);
  if (isHashed) record.hash = hashOf(record);
  return { ...entry, data: toBinary(AuditRecordSchema, record) };
}

const at = (entries: readonly TrailEntry[], seq: number): TrailEntry => entries[seq - 1] as TrailEntry;

/** Everything that somebody can do who writes to the storage itself. */
const attacks: readonly (readonly [
  string,
  (entries: readonly TrailEntry[]) => readonly TrailEntry[],
  { readonly seq: number; readonly problem: string },
])[] = [
  [
    'an edit',
    (all) =>
      all.with(
        4,
        edit(at(all, 5), (record) => void (record.actor = 'user:eve'), false),
      ),
    { seq: 5, problem: 'changed' },
  ],
  [
    'an edit of a time that cannot be written',
    (all) =>
      all.with(
        4,
        edit(at(all, 5), (record) => void (record.atMs = -1n), false),
      ),
    { seq: 5, problem: 'changed' },
  ],
  [
    'an edit with a hash that fits',
    (all) =>
      all.with(
        4,
        edit(at(all, 5), (record) => void (record.actor = 'user:eve')),
      ),
    { seq: 6, problem: 'unlinked' },
  ],
  ['a deletion', (all) => all.filter((entry) => entry !== at(all, 5)), { seq: 5, problem: 'missing' }],
  ['a deletion at the start', (all) => all.slice(1), { seq: 1, problem: 'missing' }],
  [
    'a deletion that is renumbered',
    (all) =>
      all.toSpliced(
        4,
        2,
        edit(at(all, 6), (record) => void (record.seq = 5n)),
      ),
    { seq: 5, problem: 'unlinked' },
  ],
  [
    'an insertion',
    (all) =>
      all.toSpliced(
        5,
        0,
        edit(at(all, 5), (record) => void (record.seq = 6n)),
      ),
    { seq: 6, problem: 'unlinked' },
  ],
  ['a repetition', (all) => all.toSpliced(5, 0, at(all, 5)), { seq: 6, problem: 'repeated' }],
  ['a new order', (all) => all.with(4, at(all, 6)).with(5, at(all, 5)), { seq: 5, problem: 'missing' }],
  [
    'a fork',
    (all) =>
      all.toSpliced(
        5,
        0,
        edit(at(all, 5), (record) => void (record.target = 'user:other')),
      ),
    { seq: 6, problem: 'repeated' },
  ],
  ['a cut tail', (all) => all.slice(0, -2), { seq: 8, problem: 'truncated' }],
  ['nothing left', () => [], { seq: 1, problem: 'truncated' }],
  [
    'bytes that are no record',
    (all) => all.with(4, { ...at(all, 5), data: Uint8Array.of(0xff, 0xff) }),
    {
      seq: 5,
      problem: 'unreadable',
    },
  ],
  [
    "another tenant's record",
    (all) =>
      all.with(
        4,
        edit(at(all, 5), (record) => void (record.tenant = 'globex')),
      ),
    { seq: 5, problem: 'foreign' },
  ],
  [
    'a chain that was written anew from some place on',
    (all) => {
      let hash = fromBinary(AuditRecordSchema, at(all, 4).data).hash;
      return all.map((entry, index) => {
        if (index < 4) return entry;
        const forged = edit(entry, (record) => {
          record.actor = 'user:eve';
          record.prevHash = hash;
        });
        ({ hash } = fromBinary(AuditRecordSchema, forged.data));
        return forged;
      });
    },
    { seq: 9, problem: 'rewritten' },
  ],
];

describe('verifying a chain', () => {
  it('[AUD-2] finds nothing wrong with what was written, and tells its end', async () => {
    const { checked, end, broken } = await rig.verify();
    expect([checked, end.seq, broken]).toEqual([9, 9, undefined]);
    expect(await rig.verify('nobody' as typeof acme)).toMatchObject({ checked: 0, end: { seq: 0 } });
  });

  it.each(attacks)('[AUD-2] O-15: names the first link that is broken by %s', async (_, attack, broken) => {
    rig.tamper(attack);
    const found = await rig.verify();
    expect(found.broken).toEqual(broken);
    expect(found.checked).toBe(broken.seq - 1);
  });

  it('[AUD-2] O-15: goes part by part through a long chain, and finds what is wrong behind the first part', async () => {
    for (let i = 10; i <= 2_003; i++) await note(`user-${i}`);
    expect(await rig.verify()).toMatchObject({ checked: 2_003, end: { seq: 2_003 } });
    for (const seq of [1_000, 1_001, 1_002, 2_003]) {
      rig.tamper((all) =>
        all.with(
          seq - 1,
          edit(at(all, seq), (record) => void (record.actor = 'user:eve'), false),
        ),
      );
      expect(await rig.verify()).toMatchObject({ checked: seq - 1, broken: { seq, problem: 'changed' } });
    }
  });

  it('[AUD-2] is not disturbed by records that come while it looks', async () => {
    const first = await rig.verify();
    await note('later');
    const second = await rig.verify();
    expect([first.broken, second.broken, second.checked]).toEqual([undefined, undefined, 10]);
  });

  it('[AUD-2] a checkpoint never goes back, and a late one is no fault', async () => {
    const { end } = await rig.verify();
    await rig.checkpoints.advance(acme, { position: 1, seq: 1, hash: 'f'.repeat(64) });
    expect(await rig.checkpoints.find(acme)).toEqual(end);
  });
});

describe('watching the chains', () => {
  const watch = async (isOurs = true): Promise<string[]> => {
    const broken: string[] = [];
    const onBroken = (tenant: string, { seq }: { readonly seq: number }): void => void broken.push(`${tenant} ${seq}`);
    await watchChains({ ...rig, isOurs: () => isOurs, onBroken });
    return broken;
  };

  it('[AUD-2] O-15: finds a cut tail without anybody who verifies', async () => {
    expect(await watch()).toEqual([]);
    rig.tamper((all) => all.slice(0, -1));
    expect(await watch()).toEqual([`${acme} 9`]);
    expect(await watch(false)).toEqual([]);
  });

  it('[AUD-2] O-15: finds another record where the last one was', async () => {
    rig.tamper((all) =>
      all.with(
        8,
        edit(at(all, 9), (record) => void (record.actor = 'user:eve')),
      ),
    );
    expect(await watch()).toEqual([`${acme} 9`]);
  });
});
