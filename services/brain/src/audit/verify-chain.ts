import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail, TrailEntry } from '@arqonbus/spine';
import type { AuditCopy } from '@arqonbus/storage';
import { EMPTY_CHAIN } from './audit-chain.ts';
import { hashOf } from './audit-record.ts';
import type { ChainEnd } from './audit-record.ts';
import type { Checkpoints } from './checkpoints.ts';

/**
 * How a chain is broken at a place: its bytes are no record there, it is another tenant's, one is missing, one stands there
 * a second time, it names another predecessor, it was changed, it is not the one that the checkpoint or the copy names, or the
 * chain ends before them.
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
  /** Undefined = there is none. */
  readonly copy: Pick<AuditCopy, 'after'> | undefined;
}

/** What is found out about a part of a chain. */
export interface VerifiedPart {
  readonly checked: number;
  /** Of these, how many are in the copy as well, and the same there. */
  readonly compared: number;
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
  const start = cursor === '' ? EMPTY_CHAIN : parseCursor(cursor);
  // Before the trail as well. Without Postgres the checkpoint has to do.
  const copied = (await parts.copy?.after(tenant, start.seq, PART).catch(() => [])) ?? [];
  const witnesses = new Map(copied.map(({ seq, hash }) => [seq, hash]));
  const range = { afterPosition: start.position, limit: PART, maxBytes: PART_BYTES };
  const entries = await parts.trail.read(tenant, range);
  let end = start;
  let compared = 0;
  const broken = (problem: ChainProblem): VerifiedPart => {
    return { checked: end.seq - start.seq, compared, end, cursor: '', broken: { seq: end.seq + 1, problem } };
  };
  for (const entry of entries) {
    const found = checkEntry(entry, tenant, end, checkpoint);
    if (typeof found === 'string') return broken(found);
    const witness = witnesses.get(found.seq);
    if (witness !== undefined && witness !== found.hash) return broken('rewritten');
    compared += witness === undefined ? 0 : 1;
    end = found;
  }
  const isCut = entries.length === 0 && ((checkpoint?.seq ?? 0) > end.seq || copied.length > 0);
  if (isCut) return broken('truncated');
  return { checked: end.seq - start.seq, compared, end, cursor: entries.length === 0 ? '' : formatCursor(end) };
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
