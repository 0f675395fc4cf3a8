import type { Decision } from './decision.ts';
import { inspectEnvelope } from './inspect-envelope.ts';
import type { InspectedEnvelope } from './inspect-envelope.ts';
import type { CasilPolicy } from './policy/casil-policy.ts';

/** A payload as some readers see it, and the entries of `casil.views` that they are named by. */
export interface PublicationView {
  readonly entries: readonly string[];
  readonly payload: Uint8Array;
}

const NO_VIEWS: readonly PublicationView[] = Object.freeze([]);

/**
 * What readers see of a publication of which the others see this decision's redaction (CAS-12); readers who would see the
 * same have no view of their own. Payloads alone have views: what else is rewritten is so for all. Where a view is not clean
 * once it is redacted, its readers see what the others do.
 *
 * @param envelope as it came.
 */
export function viewPublication(
  envelope: InspectedEnvelope,
  { outcome, rewritten }: Decision,
  { views }: CasilPolicy,
): readonly PublicationView[] {
  if (views.length === 0 || outcome !== 'ALLOW_WITH_REDACTION' || rewritten.payload === undefined) return NO_VIEWS;
  const found: { entries: string[]; payload: Uint8Array }[] = [];
  for (const { text, policy } of views) {
    const payload = payloadFor(envelope, policy);
    if (payload === undefined || isSame(payload, rewritten.payload)) continue;
    const known = found.find((view) => isSame(view.payload, payload));
    if (known === undefined) found.push({ entries: [text], payload });
    else known.entries.push(text);
  }
  return found;
}

function payloadFor(envelope: InspectedEnvelope, policy: CasilPolicy): Uint8Array | undefined {
  const { outcome, rewritten } = inspectEnvelope(envelope, policy);
  if (outcome === 'BLOCK') return undefined;
  if (rewritten.payload === undefined) return envelope.payload;
  const again = inspectEnvelope({ ...envelope, ...rewritten }, policy);
  return again.outcome === 'ALLOW' ? rewritten.payload : undefined;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
