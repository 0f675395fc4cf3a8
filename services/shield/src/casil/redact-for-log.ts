import { DEFAULT_CASIL_SETTINGS, REDACTED, createCasilPolicy, inspectEnvelope } from '@arqonbus/casil';
import type { CasilPolicy } from '@arqonbus/casil';
import { BusError, createEnvelope } from '@arqonbus/protocol';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let strict: CasilPolicy | undefined;

/**
 * Takes secrets and personal data out of a text that goes to a log, whatever the tenant's settings are (CAS-6). A text that
 * must not pass at all is gone as a whole.
 */
export function redactForLog(text: string): string {
  const envelope = createEnvelope('event');
  envelope.contentType = 'text/plain';
  envelope.payload = encoder.encode(text);
  const { outcome, rewritten } = inspectEnvelope(envelope, (strict ??= strictPolicy()));
  if (outcome === 'BLOCK') return REDACTED;
  return rewritten.payload === undefined ? text : decoder.decode(rewritten.payload);
}

function strictPolicy(): CasilPolicy {
  const made = createCasilPolicy({
    ...DEFAULT_CASIL_SETTINGS,
    enabled: true,
    mode: 'enforce',
    detectors: { email: 'redact', phone: 'redact' },
  });
  if (made.ok) return made.policy;
  throw new BusError('INTERNAL_ERROR', 'the shipped settings of CASIL make no policy');
}
