import type { Authenticator, Principal } from '@arqonbus/auth';
import type { Limits } from '@arqonbus/protocol';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { FloodHolds } from '../limits/flood-holds.ts';
import type { WaitOut } from '../limits/wait-out.ts';
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
  readonly floodHolds: FloodHolds;
  readonly waitOut: WaitOut;
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
const DRAINING: HandshakeRefusal = refusal('UNAVAILABLE', 'draining', { retry_after_ms: 1000 });

/** Finds out who asks: the place first, which is cheap, then the token; nobody who is held off for flooding (PRT-23). */
export async function identify(
  request: UpgradeRequest,
  { token }: Extract<Negotiation, { ok: true }>,
  options: IdentifyOptions,
): Promise<Identified | HandshakeRefusal> {
  const ip = options.remoteIp(request.remoteAddress, request.forwardedFor);
  const place = await checkPlace(request, ip, token, options);
  if (!place.ok) return place;
  if (token === '') return refusal('AUTHENTICATION_FAILED', 'no_token');
  const auth = await options.authenticator.authenticate(token);
  if (!auth.ok)
    return refusal(auth.code, `token_${auth.reason}`, auth.code === 'UNAVAILABLE' ? { retry_after_ms: 1000 } : {});
  const { tenant, user } = auth.principal;
  const held = await checkHold(() => options.floodHolds.remainingMs({ tenant, user, ip }, token), options);
  return held.ok ? { ok: true, principal: auth.principal, ip } : held;
}

/** Whether a hold ends in time. Nobody who is not held off waits. */
async function checkHold(
  remainingMs: () => number,
  { waitOut, isDraining }: Pick<IdentifyOptions, 'waitOut' | 'isDraining'>,
): Promise<Verdict> {
  if (remainingMs() <= 0) return YES;
  const leftMs = await waitOut(remainingMs);
  if (isDraining()) return DRAINING;
  return leftMs > 0 ? refusal('RATE_LIMITED', 'flood', { retry_after_ms: Math.ceil(leftMs) }) : YES;
}

/** Whether anybody from there may begin a connection now, before the token is checked: drain, origin, rates and floods. */
async function checkPlace(
  request: UpgradeRequest,
  ip: string,
  token: string,
  options: IdentifyOptions,
): Promise<Verdict> {
  if (options.isDraining()) return DRAINING;
  const { allowedOrigins } = options;
  if (allowedOrigins.length > 0 && request.origin !== '' && !allowedOrigins.includes(request.origin)) {
    return refusal('AUTHORIZATION_ERROR', 'origin');
  }
  if (!options.admission.mayTry(ip)) return refusal('RATE_LIMITED', 'ip', { retry_after_ms: 1000 });
  const held = await checkHold(() => options.floodHolds.remainingOfTokenMs(ip, token), options);
  if (!held.ok) return held;
  if (!(await options.admission.enter(ip)))
    return refusal('UNAVAILABLE', 'full', { retry_after_ms: Math.max(1000, options.limits.connectQueueMs) });
  return YES;
}
