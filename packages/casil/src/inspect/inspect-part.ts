import type { CasilPolicy } from '../policy/casil-policy.ts';
import { inspectJson } from './json-inspector.ts';
import { CLEAN_PART } from './part.ts';
import type { PartFindings } from './part.ts';
import { redactText } from './redact-text.ts';

/** Inspects a part that is JSON. Clean ones, which most are, take one pass and no memory (CAS-11). */
export function inspectJsonPart(bytes: Uint8Array, policy: CasilPolicy): PartFindings {
  const end = Math.min(bytes.length, policy.settings.maxInspectBytes);
  const isLookedAt = policy.patterns !== undefined || policy.paths.pointers.length > 0;
  if (!isLookedAt && end === bytes.length && !policy.inspector.mayHold(bytes, 0, end)) return CLEAN_PART;
  const findings = inspectJson(bytes, end, policy);
  return findings.findings.length === 0 && !findings.isPartial ? CLEAN_PART : findings;
}

/** Inspects a part that is plain text in UTF-8. */
export function inspectTextPart(bytes: Uint8Array, policy: CasilPolicy): PartFindings {
  const end = wholeCharacters(bytes, policy.settings.maxInspectBytes);
  const isPartial = end < bytes.length;
  const { hits, replacement } = redactText(isPartial ? bytes.subarray(0, end) : bytes, policy);
  if (hits.length === 0 && !isPartial) return CLEAN_PART;
  return {
    findings: hits.map((hit) => ({ ...hit, path: '' })),
    edits: replacement === undefined ? [] : [{ from: 0, to: end, by: Buffer.from(replacement, 'utf8') }],
    isPartial,
  };
}

/** The last end of a character at or before `most`. */
function wholeCharacters(bytes: Uint8Array, most: number): number {
  let end = Math.min(bytes.length, most);
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return end;
}
