import type { Authenticator, Principal } from '@arqonbus/auth';
import type { Limits } from '@arqonbus/protocol';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { UpgradeRequest } from '../listener/listener.ts';
import type { Negotiation } from './negotiation.ts';
import { refusal } from './refusal.ts';
import type { HandshakeRefusal, Verdict } from './refusal.ts';
import type { RemoteIp } from './remote-ip.ts';

/** What finding out who asks needs from around it. */
export interface IdentifyOptions {
  readonly authenticator: Authenticator;
  readonly allowedOrigins: readonly string[];
  readonly admission: Pick<ConnectionAdmission, 'mayTry' | 'enter'>;
  readonly limits: Limits;
  readonly remoteIp: RemoteIp;
  readonly isDraining: () => boolean;
}

/** Somebody with a good token, who may begin a connection from there. */
export interface Identified {
  readonly ok: true;
  readonly principal: Principal;
  readonly ip: string;
}

const YES: Verdict = { ok: true };

/** Finds out who asks: the place first, which is cheap, then the token. */
export async function identify(
  request: UpgradeRequest,
  { token }: Extract<Negotiation, { ok: true }>,
  options: IdentifyOptions,
): Promise<Identified | HandshakeRefusal> {
  const ip = options.remoteIp(request.remoteAddress, request.forwardedFor);
  const place = await checkPlace(request, ip, options);
  if (!place.ok) return place;
  if (token === '') return refusal('AUTHENTICATION_FAILED', 'no_token');
  const auth = await options.authenticator.authenticate(token);
  if (auth.ok) return { ok: true, principal: auth.principal, ip };
  return refusal(auth.code, `token_${auth.reason}`, auth.code === 'UNAVAILABLE' ? { retry_after_ms: 1000 } : {});
}

/** Whether anybody from there may begin a connection now, before the token is looked at: drain, origin and rates. */
async function checkPlace(request: UpgradeRequest, ip: string, options: IdentifyOptions): Promise<Verdict> {
  if (options.isDraining()) return refusal('UNAVAILABLE', 'draining', { retry_after_ms: 1000 });
  const { allowedOrigins } = options;
  if (allowedOrigins.length > 0 && request.origin !== '' && !allowedOrigins.includes(request.origin)) {
    return refusal('AUTHORIZATION_ERROR', 'origin');
  }
  if (!options.admission.mayTry(ip)) return refusal('RATE_LIMITED', 'ip', { retry_after_ms: 1000 });
  if (!(await options.admission.enter()))
    return refusal('UNAVAILABLE', 'full', { retry_after_ms: Math.max(1000, options.limits.connectQueueMs) });
  return YES;
}
