import { errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import type { UpgradeDecision } from '../listener/listener.ts';
import type { Negotiation } from './negotiation.ts';
import type { RefusedPeer } from './peer.ts';

/** Why an upgrade was refused. */
export interface HandshakeRefusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** A fixed word for counters and logs. */
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Yes, or why not. */
export type Verdict = { readonly ok: true } | HandshakeRefusal;

/** A refusal; `reason` is a fixed word. */
export function refusal(
  code: HandshakeRefusal['code'],
  reason: string,
  details: HandshakeRefusal['details'] = {},
): HandshakeRefusal {
  return { ok: false, code, reason, details };
}

/** Says no in the way the client can see: HTTP with a JSON body, or an `error` frame and a close code (PRT-2). */
export function refuseUpgrade(refusal: HandshakeRefusal, negotiation: Negotiation): UpgradeDecision<RefusedPeer> {
  const { code, details } = refusal;
  if (negotiation.ok && negotiation.isTokenInSubprotocol) {
    return {
      accept: true,
      protocol: negotiation.protocol,
      data: { kind: 'refused', format: negotiation.format, code, details },
    };
  }
  const { httpStatus, text } = errorTable[code];
  const retryAfterMs = details['retry_after_ms'];
  return {
    accept: false,
    status: httpStatus,
    headers: {
      ...(httpStatus === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}),
    },
    body: JSON.stringify({ error: text, error_code: code, details }),
  };
}
