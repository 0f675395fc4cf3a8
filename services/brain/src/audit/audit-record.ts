import { createHash } from 'node:crypto';
import { auditDigestBytes, formatTime } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';

/** `intent` before an action, `done` or `failed` after it, `note` for what happened by itself. */
export type AuditPhase = 'intent' | 'done' | 'failed' | 'note';

/** What a record is to say. */
export interface AuditEntry {
  /** Whose chain it belongs to: a tenant, or `SYSTEM_TENANT`. */
  readonly tenant: TenantId;
  readonly phase: AuditPhase;
  /** With `done` and `failed`: where the intent stands. */
  readonly intentSeq?: number;
  /** `user:<user>`, `operator:<address>` or `system`. */
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** Of {@link digestOf}. */
  readonly before?: string;
  readonly after?: string;
  readonly traceId?: string;
  /** Holds no secrets and no payloads. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** The end of a chain: what the next record follows. */
export interface ChainEnd {
  /** Where the trail keeps it; 0 = the chain is empty. */
  readonly position: number;
  readonly seq: number;
  readonly hash: string;
}

/** The record that says this behind that end. */
export function createAuditRecord(entry: AuditEntry, { seq, hash }: ChainEnd, atMs: number): AuditRecord {
  const { intentSeq = 0, before = '', after = '', traceId = '', details = {}, ...rest } = entry;
  const record = create(AuditRecordSchema, {
    ...rest,
    seq: BigInt(seq + 1),
    atMs: BigInt(atMs),
    intentSeq: BigInt(intentSeq),
    before,
    after,
    traceId,
    details: JSON.stringify(details),
    prevHash: hash,
  });
  record.hash = hashOf(record);
  return record;
}

/** The hash that a record should carry. */
export function hashOf(record: AuditRecord): string {
  const fields = {
    ...record,
    seq: Number(record.seq),
    intentSeq: Number(record.intentSeq),
    at: formatTime(Number(record.atMs)),
  };
  return createHash('sha256').update(auditDigestBytes(fields, record.prevHash)).digest('hex');
}

/** Names a state without telling it: `sha256:<hex>` of what is stored, '' = nothing is. */
export function digestOf(stored: Uint8Array | undefined): string {
  return stored === undefined ? '' : `sha256:${createHash('sha256').update(stored).digest('hex')}`;
}
