import type {
  CasilFlags,
  CasilOutcome,
  CasilReason,
  ContentKind,
  Decision,
  PartName,
  RiskLevel,
  Rewritten,
} from './decision.ts';
import { detectorTable } from './detectors/index.ts';
import { applyEdits } from './inspect/part.ts';
import type { Finding, PartFindings } from './inspect/part.ts';
import { groupOf } from './inspect/redact-text.ts';
import type { CasilPolicy } from './policy/casil-policy.ts';

/** What is known of a message once all of it has been looked at. */
export interface Content {
  readonly kind: ContentKind;
  /** Holds the bytes that edits are made to. */
  readonly envelope: { readonly [Part in PartName]: Uint8Array };
  readonly parts: { readonly [Part in PartName]: PartFindings };
  /** What was found in names and headers. */
  readonly names: readonly Finding[];
  readonly isOversize: boolean;
  readonly isOpaque: boolean;
}

const NO_FLAGS: CasilFlags = Object.freeze({
  containsProbableSecret: false,
  containsPii: false,
  oversizePayload: false,
  partiallyInspected: false,
});

/** One decision per kind, shared: most messages are clean, and saying so costs no memory. */
const allowed = sharedDecisions('CASIL_POLICY_ALLOWED', 'low');
const unscoped = sharedDecisions('CASIL_OUT_OF_SCOPE', 'unknown');

/** What is said of a message in which nothing was found. */
export function allowAll(kind: ContentKind): Decision {
  return allowed[kind];
}

/** What is said of a message that is not looked at (CAS-1). */
export function outOfScope(kind: ContentKind): Decision {
  return unscoped[kind];
}

/** What is said of a message whose inspection failed (CAS-7). In monitor mode nothing blocks. */
export function failedInspection(kind: ContentKind, { settings }: CasilPolicy): Decision {
  const isBlocked = settings.mode === 'enforce' && settings.defaultDecision === 'block';
  return {
    ...plain(kind, 'CASIL_INTERNAL_ERROR', 'unknown'),
    outcome: isBlocked ? 'BLOCK' : 'ALLOW',
    cause: 'failed',
  };
}

interface Verdict {
  readonly outcome: CasilOutcome;
  readonly reason: CasilReason;
  readonly cause: Decision['cause'];
}

/** Comes to exactly one outcome (CAS-5): what blocks is asked first, then what redacts. */
export function decide(content: Content, policy: CasilPolicy): Decision {
  const { settings } = policy;
  const { kind, parts, names } = content;
  const findings = [...names, ...Object.entries(parts).flatMap(([part, { findings: found }]) => withPart(part, found))];
  const isPartial = Object.values(parts).some((part) => part.isPartial);
  const flags = flagsOf(content, findings, isPartial);
  const verdict = verdictOf(content, findings, isPartial, policy);
  const about = { kind, riskLevel: riskOf(content, findings, isPartial), flags, findings };
  if (settings.mode === 'monitor') {
    const isNothing = verdict.outcome === 'ALLOW';
    return {
      ...about,
      outcome: 'ALLOW',
      reason: isNothing ? 'CASIL_POLICY_ALLOWED' : 'CASIL_MONITOR_MODE',
      ...(isNothing ? {} : { wouldHave: verdict.outcome }),
      cause: verdict.cause,
      rewritten: {},
    };
  }
  const rewritten = verdict.outcome === 'ALLOW_WITH_REDACTION' ? rewrite(content) : {};
  return { ...about, ...verdict, rewritten };
}

function verdictOf(
  content: Content,
  findings: readonly Finding[],
  isPartial: boolean,
  { settings }: CasilPolicy,
): Verdict {
  if (content.isOversize) return blocked('CASIL_POLICY_OVERSIZE', 'oversize');
  const blocking = findings.filter(({ action }) => action === 'block');
  if (blocking.length > 0) {
    const isSecret = blocking.some(({ detector }) => groupOf(detector) !== 'pii');
    return blocked('CASIL_POLICY_BLOCKED_SECRET', isSecret ? 'secret' : 'personal_data');
  }
  if (isPartial && settings.partial === 'block') return blocked('CASIL_POLICY_OVERSIZE', 'partial');
  if (content.isOpaque && settings.opaque === 'block') return blocked('CASIL_INTERNAL_ERROR', 'opaque');
  const isRedacted = settings.transportRedaction && Object.values(content.parts).some(({ edits }) => edits.length > 0);
  if (!isRedacted) return { outcome: 'ALLOW', reason: 'CASIL_POLICY_ALLOWED', cause: '' };
  const isSecret = findings.some(({ detector, action }) => action === 'redact' && groupOf(detector) !== 'pii');
  return {
    outcome: 'ALLOW_WITH_REDACTION',
    reason: 'CASIL_POLICY_REDACTED',
    cause: isSecret ? 'secret' : 'personal_data',
  };
}

function blocked(reason: CasilReason, cause: Decision['cause']): Verdict {
  return { outcome: 'BLOCK', reason, cause };
}

function withPart(part: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, path: `${part}${finding.path}` }));
}

function flagsOf({ isOversize }: Content, findings: readonly Finding[], isPartial: boolean): CasilFlags {
  return {
    containsProbableSecret: findings.some(({ detector }) => groupOf(detector) === 'secret'),
    containsPii: findings.some(({ detector }) => groupOf(detector) === 'pii'),
    oversizePayload: isOversize,
    partiallyInspected: isPartial,
  };
}

const ranks = { low: 0, medium: 1, high: 2 } as const;

/** What an operator names a path or pattern for is no detector's and counts as medium. */
function riskOf({ isOpaque }: Content, findings: readonly Finding[], isPartial: boolean): RiskLevel {
  let risk: keyof typeof ranks = 'low';
  for (const { detector } of findings) {
    const severity = detectorTable.get(detector)?.severity ?? 'medium';
    if (ranks[severity] > ranks[risk]) risk = severity;
  }
  return findings.length === 0 && (isOpaque || isPartial) ? 'unknown' : risk;
}

function rewrite({ envelope, parts }: Content): Rewritten {
  const changed = Object.entries(parts).filter(([, { edits }]) => edits.length > 0);
  return Object.fromEntries(changed.map(([part, { edits }]) => [part, applyEdits(envelope[part as PartName], edits)]));
}

function plain(kind: ContentKind, reason: CasilReason, riskLevel: RiskLevel): Decision {
  return { outcome: 'ALLOW', reason, kind, riskLevel, flags: NO_FLAGS, findings: [], cause: '', rewritten: {} };
}

function sharedDecisions(reason: CasilReason, riskLevel: RiskLevel): Readonly<Record<ContentKind, Decision>> {
  const kinds: readonly ContentKind[] = ['data', 'control', 'telemetry', 'system', 'unknown'];
  // The list holds every kind.
  return Object.fromEntries(kinds.map((kind) => [kind, Object.freeze(plain(kind, reason, riskLevel))])) as Readonly<
    Record<ContentKind, Decision>
  >;
}
