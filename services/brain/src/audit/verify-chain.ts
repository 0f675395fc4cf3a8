import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail, TrailEntry } from '@arqonbus/spine';
import { EMPTY_CHAIN } from './audit-chain.ts';
import { hashOf } from './audit-record.ts';
import type { ChainEnd } from './audit-record.ts';
import type { Checkpoints } from './checkpoints.ts';

/**
 * How a chain is broken at a place: its bytes are no record there, it is another tenant's, one is missing, one stands there
 * a second time, it names another predecessor, it was changed, it is not the one that the checkpoint names, or the chain
 * ends before the checkpoint.
 */
export type ChainProblem =
  | 'unreadable'
  | 'foreign'
  | 'missing'
  | 'repeated'
  | 'unlinked'
  | 'changed'
  | 'rewritten'
  | 'truncated';

/** What verifying reads. */
export interface VerifyParts {
  readonly trail: Pick<AuditTrail, 'read'>;
  readonly checkpoints: Pick<Checkpoints, 'find'>;
}

/** What is found out about a part of a chain. */
export interface VerifiedPart {
  readonly checked: number;
  /** The end of what is good. */
  readonly end: ChainEnd;
  /** Where to go on; '' = nothing follows, or what follows is of no worth. */
  readonly cursor: string;
  readonly broken?: { readonly seq: number; readonly problem: ChainProblem };
}

/** Records of one part: a Brain checks them in a few hundredths of a second. */
const PART = 1_000;
const PART_BYTES = 1_048_576;

/**
 * Checks the part of a chain behind the cursor ('' = from the start): every record stands in its place, names the one before
 * and is what was written (AUD-2, O-15). The checkpoint is read first, so whatever it names must be there.
 */
export async function verifyPart(parts: VerifyParts, tenant: TenantId, cursor: string): Promise<VerifiedPart> {
  const checkpoint = await parts.checkpoints.find(tenant);
  let end = cursor === '' ? EMPTY_CHAIN : parseCursor(cursor);
  const range = { afterPosition: end.position, limit: PART, maxBytes: PART_BYTES };
  const entries = await parts.trail.read(tenant, range);
  let checked = 0;
  for (const entry of entries) {
    const found = checkEntry(entry, tenant, end, checkpoint);
    if (typeof found === 'string') return { checked, end, cursor: '', broken: { seq: end.seq + 1, problem: found } };
    end = found;
    checked += 1;
  }
  if (entries.length > 0) return { checked, end, cursor: formatCursor(end) };
  if (checkpoint !== undefined && checkpoint.seq > end.seq) {
    return { checked, end, cursor: '', broken: { seq: end.seq + 1, problem: 'truncated' } };
  }
  return { checked, end, cursor: '' };
}

/** The new end of the chain, or what is wrong with the record. */
function checkEntry(
  { data, position }: TrailEntry,
  tenant: TenantId,
  end: ChainEnd,
  checkpoint: ChainEnd | undefined,
): ChainEnd | ChainProblem {
  const record = readMessage(AuditRecordSchema, data);
  if (record === undefined) return 'unreadable';
  const problem = checkRecord(record, tenant, end);
  if (problem !== undefined) return problem;
  const seq = end.seq + 1;
  if (checkpoint?.seq === seq && checkpoint.hash !== record.hash) return 'rewritten';
  return { position, seq, hash: record.hash };
}

function checkRecord(record: AuditRecord, tenant: TenantId, end: ChainEnd): ChainProblem | undefined {
  if (record.tenant !== tenant) return 'foreign';
  if (record.seq > end.seq + 1) return 'missing';
  if (record.seq <= end.seq) return 'repeated';
  if (record.prevHash !== end.hash) return 'unlinked';
  return isTrue(record) ? undefined : 'changed';
}

/** A time that cannot be written was never hashed. */
function isTrue(record: AuditRecord): boolean {
  try {
    return record.hash === hashOf(record);
  } catch {
    return false;
  }
}

function formatCursor({ position, seq, hash }: ChainEnd): string {
  return `${position}.${seq}.${hash}`;
}

function parseCursor(cursor: string): ChainEnd {
  const [, position, seq, hash] = /^(\d{1,16})\.(\d{1,16})\.([0-9a-f]{64})$/.exec(cursor) ?? [];
  if (hash === undefined) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return { position: Number(position), seq: Number(seq), hash };
}
