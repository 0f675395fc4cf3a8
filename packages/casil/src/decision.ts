import type { Finding } from './inspect/part.ts';

/** What a message is (CAS-3). */
export type ContentKind = 'data' | 'control' | 'telemetry' | 'system' | 'unknown';

/** How much harm its content may do; `unknown` = nobody could look at it. */
export type RiskLevel = 'low' | 'medium' | 'high' | 'unknown';

/** What is done about a message: exactly one of these (CAS-5). */
export type CasilOutcome = 'ALLOW' | 'ALLOW_WITH_REDACTION' | 'BLOCK';

/** Why (CAS-5). */
export type CasilReason =
  | 'CASIL_POLICY_BLOCKED_SECRET'
  | 'CASIL_POLICY_OVERSIZE'
  | 'CASIL_POLICY_REDACTED'
  | 'CASIL_POLICY_ALLOWED'
  | 'CASIL_MONITOR_MODE'
  | 'CASIL_OUT_OF_SCOPE'
  | 'CASIL_INTERNAL_ERROR';

/** All reasons, for counters that are there from the start. */
export const casilReasons: readonly CasilReason[] = [
  'CASIL_POLICY_BLOCKED_SECRET',
  'CASIL_POLICY_OVERSIZE',
  'CASIL_POLICY_REDACTED',
  'CASIL_POLICY_ALLOWED',
  'CASIL_MONITOR_MODE',
  'CASIL_OUT_OF_SCOPE',
  'CASIL_INTERNAL_ERROR',
];

/** What stands out about a message (CAS-3). */
export interface CasilFlags {
  readonly containsProbableSecret: boolean;
  readonly containsPii: boolean;
  readonly oversizePayload: boolean;
  readonly partiallyInspected: boolean;
}

/** The parts of a message that may be rewritten. */
export type PartName = 'payload' | 'args' | 'metadata' | 'spectral';

/** New bytes of parts. */
export type Rewritten = { readonly [Part in PartName]?: Uint8Array };

/** What CASIL says of a message. The same message and policy give the same decision (CAS-3). */
export interface Decision {
  readonly outcome: CasilOutcome;
  readonly reason: CasilReason;
  /** What enforcing would have done, where the mode is `monitor` and there was something to do. */
  readonly wouldHave?: CasilOutcome;
  readonly kind: ContentKind;
  readonly riskLevel: RiskLevel;
  readonly flags: CasilFlags;
  readonly findings: readonly Finding[];
  /** A fixed word for counters: why in particular; empty where there is nothing to say. */
  readonly cause:
    | ''
    | 'secret'
    | 'personal_data'
    | 'oversize'
    | 'partial'
    | 'opaque'
    | 'second_change'
    | 'not_encodable'
    | 'failed';
  /** What is delivered in the place of what came; empty unless something is redacted. */
  readonly rewritten: Rewritten;
}

/**
 * True where somebody may want to know of the decision: something was found, or could not be looked at. What is out of
 * scope was not to be looked at.
 */
export function isNoteworthy({ findings, reason, flags, riskLevel }: Decision): boolean {
  if (reason === 'CASIL_OUT_OF_SCOPE') return false;
  return (
    findings.length > 0 ||
    flags.oversizePayload ||
    flags.partiallyInspected ||
    riskLevel === 'unknown' ||
    reason !== 'CASIL_POLICY_ALLOWED'
  );
}

/** What travels in `metadata.casil` (CAS-8). */
export function describeDecision({ kind, riskLevel, flags, reason, outcome, wouldHave }: Decision): object {
  return {
    kind,
    risk_level: riskLevel,
    flags: describeFlags(flags),
    reason_code: reason,
    decision: outcome,
    ...(wouldHave === undefined ? {} : { would_have: wouldHave }),
  };
}

/** The names of the flags that are up. */
export function describeFlags(flags: CasilFlags): readonly string[] {
  return [
    ...(flags.containsProbableSecret ? ['contains_probable_secret'] : []),
    ...(flags.containsPii ? ['contains_pii'] : []),
    ...(flags.oversizePayload ? ['oversize_payload'] : []),
    ...(flags.partiallyInspected ? ['partially_inspected'] : []),
  ];
}
