import { createHash } from 'node:crypto';
import { auditDigestBytes } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { START, walkTrail } from './walk-trail.ts';
import type { ListedRecord } from './walk-trail.ts';

const TENANT = 'acme-corp.eu';

/** A chain of so many records. */
function createChain(count: number): ListedRecord[] {
  const chain: ListedRecord[] = [];
  let prevHash = START.last.hash;
  for (let seq = 1; seq <= count; seq++) {
    const record = hashed({
      seq,
      at: '2026-03-01T09:30:00.250Z',
      phase: 'note',
      intent_seq: 0,
      actor: 'user:root',
      action: 'op.ban.lift',
      target: `user:${seq}`,
      before: '',
      after: '',
      trace_id: '',
      details: '{"reason":"spam \u{1f680}"}',
      prev_hash: prevHash,
      hash: '',
    });
    chain.push(record);
    prevHash = record.hash;
  }
  return chain;
}

function hashed(record: ListedRecord): ListedRecord {
  const fields = { ...record, tenant: TENANT, intentSeq: record.intent_seq, traceId: record.trace_id };
  const hash = createHash('sha256').update(auditDigestBytes(fields, record.prev_hash)).digest('hex');
  return { ...record, hash };
}

const walk = (records: readonly ListedRecord[], expected?: { readonly seq: number; readonly hash: string }) =>
  walkTrail(START, TENANT, records, expected);

describe('walking a trail', () => {
  it('[AUD-2] finds a chain whole, page by page', () => {
    const chain = createChain(5);
    const last = { seq: 5, hash: chain[4]?.hash };
    expect(walk(chain)).toEqual({ last, broken: undefined });
    expect(walkTrail(walk(chain.slice(0, 2)), TENANT, chain.slice(2))).toEqual({ last, broken: undefined });
    expect(walkTrail(START, 'globex', chain).broken).toEqual({ seq: 1, problem: 'changed' });
  });

  it.each<readonly [string, (chain: ListedRecord[]) => ListedRecord[], number, string]>([
    ['an edit', (all) => all.with(2, { ...(all[2] as ListedRecord), actor: 'user:eve' }), 3, 'changed'],
    ['a fitting hash', (all) => all.with(2, hashed({ ...(all[2] as ListedRecord), actor: 'user:eve' })), 4, 'unlinked'],
    ['a deletion', (all) => all.toSpliced(2, 1), 3, 'missing'],
    ['a repetition', (all) => all.toSpliced(2, 0, all[1] as ListedRecord), 3, 'repeated'],
    ['a new order', (all) => all.with(2, all[3] as ListedRecord).with(3, all[2] as ListedRecord), 3, 'missing'],
  ])('[AUD-2] O-15: names the link that %s breaks', (_, tamper, seq, problem) => {
    const { broken, last } = walk(tamper(createChain(5)));
    expect([broken, last.seq]).toEqual([{ seq, problem }, seq - 1]);
  });

  it('[AUD-2] O-15: compares with a place that was noted elsewhere', () => {
    const chain = createChain(5);
    const noted = { seq: 3, hash: chain[2]?.hash ?? '' };
    expect(walk(chain, noted).broken).toBeUndefined();
    expect(walk(chain, { ...noted, hash: 'f'.repeat(64) }).broken).toEqual({ seq: 3, problem: 'rewritten' });
  });
});
