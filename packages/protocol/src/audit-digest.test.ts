import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_HASH, auditDigestBytes } from './audit-digest.ts';
import type { AuditFields } from './audit-digest.ts';

const record: AuditFields = {
  tenant: 'acme-corp.eu',
  seq: 17,
  at: '2026-03-01T09:30:00.250Z',
  phase: 'intent',
  intentSeq: 0,
  actor: 'user:auth0|64f1c2',
  action: 'op.session.disconnect',
  target: 'user:mallory',
  before: '',
  after: `sha256:${'ab'.repeat(32)}`,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  details: '{"reason":"spam \u{1f680}"}',
};

const hashOf = (fields: AuditFields, prevHash = NO_HASH): string =>
  createHash('sha256').update(auditDigestBytes(fields, prevHash)).digest('hex');

describe('the digest of an audit record', () => {
  it('[AUD-1] is fixed: what is hashed today can be checked with any later release', () => {
    expect(hashOf(record)).toBe('e9291c092ef875520440c062877185ee42d5ae0e3188aa40695ae9b5d1e5acf8');
  });

  it('[AUD-1] changes with every field, and with the record before', () => {
    const names = Object.keys(record) as (keyof AuditFields)[];
    const changed = names.map((name) => {
      const value = record[name];
      return hashOf({ ...record, [name]: typeof value === 'number' ? value + 1 : `${value}x` });
    });
    const all = [hashOf(record), hashOf(record, 'f'.repeat(64)), ...changed];
    expect(new Set(all).size).toBe(names.length + 2);
  });

  it('[AUD-1] is the same for no two records, wherever a text ends and the next one begins', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { minLength: 4, maxLength: 4 });
    const bytesOf = ([actor = '', action = '', target = '', details = '']: readonly string[]): string =>
      auditDigestBytes({ ...record, actor, action, target, details }, NO_HASH).join();
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const isSame = one.every((text, index) => text === other[index]);
        return (bytesOf(one) === bytesOf(other)) === isSame;
      }),
    );
  });
});
