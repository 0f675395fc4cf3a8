import { BusError, NO_HASH } from '@arqonbus/protocol';
import { AuditRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { acme, createAuditRig, unavailable } from './audit-rig.ts';
import type { AuditRig } from './audit-rig.ts';
import type { GovernanceAction } from './audit.ts';
import { digestOf } from './audit-record.ts';

const ban: GovernanceAction = {
  tenant: acme,
  actor: 'user:auth0|64f1c2',
  action: 'op.session.disconnect',
  target: 'user:mallory',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  before: '',
  after: digestOf(new TextEncoder().encode('a ban')),
  details: { reason: 'spam \u{1f680}' },
};

async function recordsOf({ trail }: AuditRig, tenant = acme): Promise<AuditRecord[]> {
  const entries = await trail.read(tenant, { afterPosition: 0, limit: 1_000, maxBytes: 1_048_576 });
  return entries.map(({ data }) => fromBinary(AuditRecordSchema, data));
}

describe('Audit', () => {
  it('[AUD-1] [AUD-3] writes the intent before an action and the outcome after it, each hashed over the one before', async () => {
    const rig = createAuditRig();
    const seen: number[] = [];
    const result = await rig.audit.run(ban, async () => {
      seen.push((await recordsOf(rig)).length);
      return 'done so';
    });
    expect([result, seen]).toEqual(['done so', [1]]);
    const records = await recordsOf(rig);
    const { tenant, actor, action, target, traceId, before, after } = ban;
    const common = { tenant, actor, action, target, traceId, before, after, details: '{"reason":"spam \u{1f680}"}' };
    expect(records).toMatchObject([
      { ...common, seq: 1n, phase: 'intent', intentSeq: 0n, prevHash: NO_HASH },
      { ...common, seq: 2n, phase: 'done', intentSeq: 1n, prevHash: records[0]?.hash },
    ]);
    expect(records[1]?.atMs).toBeGreaterThan(Number(records[0]?.atMs));
    expect(rig.counts().recorded).toEqual(['intent', 'done']);
  });

  it('[AUD-2] does nothing where the intent cannot be written', async () => {
    const rig = createAuditRig();
    rig.failure = unavailable();
    let isDone = false;
    const run = rig.audit.run(ban, async () => void (isDone = true));
    await expect(run).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('audit trail') });
    expect([isDone, rig.counts().refused]).toEqual([false, 1]);
    rig.failure = undefined;
    await rig.audit.run(ban, async () => void (isDone = true));
    expect([isDone, await recordsOf(rig)]).toMatchObject([true, [{ seq: 1n }, { seq: 2n }]]);
  });

  it('[AUD-3] an outcome that cannot be written undoes nothing, and is told', async () => {
    const rig = createAuditRig();
    const run = rig.audit.run(ban, async () => {
      rig.failure = unavailable();
      return 7;
    });
    expect(await run).toBe(7);
    expect(rig.counts().lost).toBe(1);
    expect(rig.lost).toMatchObject([{ phase: 'done', intentSeq: 1, action: 'op.session.disconnect' }]);
    expect((await rig.verify()).broken).toBeUndefined();
  });

  it('[AUD-1] tells that an action failed, and that all is as it was', async () => {
    const rig = createAuditRig();
    const before = digestOf(new Uint8Array([1]));
    const refuse = (error: Error) =>
      rig.audit.run({ ...ban, before }, async () => {
        throw error;
      });
    await expect(refuse(new BusError('CONFLICT'))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(refuse(new Error('a bug with a secret'))).rejects.toThrow('a bug');
    expect(await recordsOf(rig)).toMatchObject([
      { phase: 'intent' },
      { phase: 'failed', intentSeq: 1n, before, after: before, details: '{"code":"CONFLICT"}' },
      { phase: 'intent' },
      { phase: 'failed', intentSeq: 3n, details: '{"code":"INTERNAL_ERROR"}' },
    ]);
  });

  it('[AUD-3] O-15: two writers make one chain without branches', async () => {
    const rig = createAuditRig();
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? rig.audit.run(ban, async () => undefined)
          : rig.rival.append({ ...ban, phase: 'note', actor: 'user:rival' }),
      ),
    );
    expect(await rig.verify()).toMatchObject({ checked: 60, end: { seq: 60 } });
    expect((await rig.verify()).broken).toBeUndefined();
  });

  it('[AUD-3] begins anew behind a record that came in between', async () => {
    const rig = createAuditRig();
    await rig.audit.note(ban);
    rig.onAppend = async () => {
      rig.onAppend = async () => undefined;
      await rig.rival.append({ ...ban, phase: 'note', actor: 'user:rival' });
    };
    await rig.audit.note(ban);
    expect((await recordsOf(rig)).map(({ actor }) => actor)).toEqual([ban.actor, 'user:rival', ban.actor]);
    expect((await rig.verify()).broken).toBeUndefined();
  });

  it('[PRD-5] refuses when too many wait for their turn, and takes the next one after', async () => {
    const rig = createAuditRig();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => rig.audit.note(ban)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(64);
    await rig.audit.note(ban);
    expect((await rig.verify()).checked).toBe(65);
  });

  it('[PRD-4] keeps a chain for each tenant', async () => {
    const rig = createAuditRig();
    const globex = 'globex' as typeof acme;
    await rig.audit.note(ban);
    await rig.audit.note({ ...ban, tenant: globex, actor: 'user:bob' });
    await rig.audit.note(ban);
    expect((await recordsOf(rig)).map(({ seq }) => seq)).toEqual([1n, 2n]);
    expect(await recordsOf(rig, globex)).toMatchObject([{ seq: 1n, tenant: 'globex', actor: 'user:bob' }]);
    expect([(await rig.verify()).checked, (await rig.verify(globex)).checked]).toEqual([2, 1]);
  });
});
