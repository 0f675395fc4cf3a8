import { createRights } from '@arqonbus/auth';
import type { Authenticator, Principal } from '@arqonbus/auth';
import { createRateBudget, createTokenBucket } from '@arqonbus/pipeline';
import { formatTime } from '@arqonbus/protocol';
import type { ClientId, Clock, Limits } from '@arqonbus/protocol';
import type { BanList } from '../bans/ban-list.ts';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { TenantStates } from '../limits/tenant-states.ts';
import type { UpgradeDecision, UpgradeRequest } from '../listener/listener.ts';
import { parseClientDescription } from './client-description.ts';
import { negotiate } from './negotiation.ts';
import type { Negotiation } from './negotiation.ts';
import type { Peer } from './peer.ts';
import { refuseUpgrade } from './refusal.ts';
import type { HandshakeRefusal } from './refusal.ts';
import type { RemoteIp } from './remote-ip.ts';
import { Session } from './session.ts';
import type { ClientDescription } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What a handshake needs from around it. */
export interface HandshakeOptions {
  readonly authenticator: Authenticator;
  readonly accessDefault: 'open' | 'closed';
  readonly allowedOrigins: readonly string[];
  readonly queryToken: boolean;
  readonly limits: Limits;
  readonly admission: ConnectionAdmission;
  readonly sessions: SessionRegistry;
  readonly tenantStates: TenantStates;
  readonly bans: BanList;
  readonly remoteIp: RemoteIp;
  readonly clock: Clock;
  /** A number in [0, 1), to spread the ends of long connections. */
  readonly random: () => number;
  readonly nextClientId: () => ClientId;
  readonly nextSessionId: () => string;
  readonly isDraining: () => boolean;
  /** Counts refusals by a fixed word. */
  readonly onRefused: (reason: string) => void;
}

/** Answers upgrades: who may open a session, and how everybody else is told (PRT-1 to PRT-3). */
export type Handshake = (request: UpgradeRequest) => Promise<UpgradeDecision<Peer>>;

type Step = { readonly ok: true } | HandshakeRefusal;

const YES: Step = { ok: true };

/** A handshake over these parts. */
export function createHandshake(options: HandshakeOptions): Handshake {
  return async (request) => {
    const negotiation = negotiate(request, options);
    const outcome = negotiation.ok
      ? await admit(request, negotiation, options)
      : refusal('VALIDATION_ERROR', 'protocol', { errors: [{ field: 'subprotocol', problem: negotiation.problem }] });
    if (outcome.ok) return { accept: true, protocol: outcome.protocol, data: outcome.session };
    options.onRefused(outcome.reason);
    return refuseUpgrade(outcome, negotiation);
  };
}

type Admitted = { readonly ok: true; readonly session: Session; readonly protocol: string };

async function admit(
  request: UpgradeRequest,
  negotiation: Extract<Negotiation, { ok: true }>,
  options: HandshakeOptions,
): Promise<Admitted | HandshakeRefusal> {
  const ip = options.remoteIp(request.remoteAddress, request.forwardedFor);
  const place = await checkPlace(request, ip, options);
  if (!place.ok) return place;
  if (negotiation.token === '') return refusal('AUTHENTICATION_FAILED', 'no_token');
  const auth = await options.authenticator.authenticate(negotiation.token);
  if (!auth.ok) {
    return refusal(auth.code, `token_${auth.reason}`, auth.code === 'UNAVAILABLE' ? { retry_after_ms: 1000 } : {});
  }
  const person = checkPrincipal(auth.principal, options);
  if (!person.ok) return person;
  const parsed = parseClientDescription(request.query);
  if (!parsed.ok) return refusal('VALIDATION_ERROR', 'description', { errors: parsed.errors });
  const session = createSession(auth.principal, parsed.description, negotiation, ip, options);
  return { ok: true, session, protocol: negotiation.protocol };
}

/** What deciding on a place needs from around it. */
export type PlaceOptions = Pick<HandshakeOptions, 'isDraining' | 'allowedOrigins' | 'limits'> & {
  readonly admission: Pick<ConnectionAdmission, 'mayTry' | 'enter'>;
};

/** Whether anybody from there may begin a connection now, before the token is looked at: drain, origin and rates. */
export async function checkPlace(request: UpgradeRequest, ip: string, options: PlaceOptions): Promise<Step> {
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

/** Whether this person may have one more session: bans, and the caps of user and tenant. */
export function checkPrincipal(
  principal: Principal,
  options: Pick<HandshakeOptions, 'bans' | 'sessions' | 'tenantStates' | 'limits'>,
): Step {
  const ban = options.bans.find(principal.tenant, principal.user);
  if (ban !== undefined) {
    return refusal('BANNED', 'banned', ban.untilMs === 0n ? {} : { until: formatTime(Number(ban.untilMs)) });
  }
  if (options.sessions.countOfUser(principal.tenant, principal.user) >= options.limits.connectionsPerUser) {
    return refusal('QUOTA_EXCEEDED', 'user_connections', { retry_after_ms: 5000 });
  }
  if (options.tenantStates.of(principal.tenant).connections >= options.limits.connectionsPerTenant) {
    return refusal('QUOTA_EXCEEDED', 'tenant_connections', { retry_after_ms: 5000 });
  }
  return YES;
}

function refusal(
  code: HandshakeRefusal['code'],
  reason: string,
  details: HandshakeRefusal['details'] = {},
): HandshakeRefusal {
  return { ok: false, code, reason, details };
}

function createSession(
  principal: Principal,
  description: ClientDescription,
  negotiation: Extract<Negotiation, { ok: true }>,
  remoteIp: string,
  options: HandshakeOptions,
): Session {
  const nowMs = options.clock.monotonicMs();
  const { limits } = options;
  // Ends of long connections are spread by ± 10 %, or a rolling restart would come back as a storm every four hours.
  const lifeMs = limits.maxConnectionLifeMs * (0.9 + 0.2 * options.random());
  return new Session({
    clientId: options.nextClientId(),
    sessionId: options.nextSessionId(),
    principal,
    rights: createRights(principal.role, principal.permissions, { accessDefault: options.accessDefault }),
    format: negotiation.format,
    description,
    remoteIp,
    budget: createRateBudget(limits, nowMs),
    control: createTokenBucket(limits.controlFramesPerSecond, limits.controlFramesBurst, nowMs),
    tenantState: options.tenantStates.of(principal.tenant),
    openedAtMs: options.clock.now(),
    openedAtMonotonicMs: nowMs,
    closesAtMs: nowMs + lifeMs,
  });
}
