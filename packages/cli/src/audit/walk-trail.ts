import { createHash } from 'node:crypto';
import { NO_HASH, auditDigestBytes } from '@arqonbus/protocol';
import type { CommandResult } from '@arqonbus/protocol';

/** A record as `op.audit.list` tells it. */
export type ListedRecord = CommandResult<'op.audit.list'>['items'][number];

/** A place in a chain. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: string;
}

/** What became of checking a chain here, from the records alone and whatever the server says of them. */
export interface Walk {
  /** The last record that is good. */
  readonly last: ChainPlace;
  /** Undefined = the chain is whole as far as it goes. */
  readonly broken: { readonly seq: number; readonly problem: string } | undefined;
}

/** Where every walk begins. */
export const START: Walk = { last: { seq: 0, hash: NO_HASH }, broken: undefined };

/** Walks on over these records, and stops at the first one that does not fit; `expected` is a place noted elsewhere. */
export function walkTrail(walk: Walk, tenant: string, records: readonly ListedRecord[], expected?: ChainPlace): Walk {
  let { last } = walk;
  if (walk.broken !== undefined) return walk;
  for (const record of records) {
    const problem = problemOf(record, tenant, last, expected);
    if (problem !== undefined) return { last, broken: { seq: last.seq + 1, problem } };
    last = { seq: record.seq, hash: record.hash };
  }
  return { last, broken: undefined };
}

function problemOf(
  record: ListedRecord,
  tenant: string,
  last: ChainPlace,
  expected: ChainPlace | undefined,
): string | undefined {
  if (record.seq !== last.seq + 1) return record.seq > last.seq ? 'missing' : 'repeated';
  if (record.prev_hash !== last.hash) return 'unlinked';
  if (hashOf(record, tenant) !== record.hash) return 'changed';
  return record.seq === expected?.seq && record.hash !== expected.hash ? 'rewritten' : undefined;
}

function hashOf(record: ListedRecord, tenant: string): string {
  const fields = { ...record, tenant, intentSeq: record.intent_seq, traceId: record.trace_id };
  return createHash('sha256').update(auditDigestBytes(fields, record.prev_hash)).digest('hex');
}
