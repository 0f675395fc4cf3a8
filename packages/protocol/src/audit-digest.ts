import { withLengths } from './bytes/with-lengths.ts';

/** What a record of the audit trail says, as everybody who lists it is shown it (AUD-1). */
export interface AuditFields {
  readonly tenant: string;
  readonly seq: number;
  /** RFC 3339. */
  readonly at: string;
  readonly phase: string;
  /** 0 = there was none. */
  readonly intentSeq: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly before: string;
  readonly after: string;
  readonly traceId: string;
  /** The text of a JSON object. */
  readonly details: string;
}

/** What the first record of a chain names as the hash before it. */
export const NO_HASH: string = '0'.repeat(64);

const FORMAT = 'arqon-audit-1';
const encoder = new TextEncoder();

/**
 * What the hash of an audit record is taken over (AUD-1): the word `arqon-audit-1`, the hash of the record before as hex
 * digits, then tenant, seq, at, phase, intent_seq, actor, action, target, before, after, trace_id and details, all as
 * texts in UTF-8 and numbers as decimal digits, each as the number of its bytes (four, the highest first) and its bytes.
 * The hash is SHA-256 over these, in hex digits.
 */
export function auditDigestBytes(record: AuditFields, prevHash: string): Uint8Array {
  const { tenant, seq, at, phase, intentSeq, actor, action, target, before, after, traceId, details } = record;
  const texts = [FORMAT, prevHash, tenant, `${seq}`, at, phase, `${intentSeq}`, actor, action, target];
  return withLengths([...texts, before, after, traceId, details].map((text) => encoder.encode(text)));
}
