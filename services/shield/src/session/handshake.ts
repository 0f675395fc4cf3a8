import type { Principal } from '@arqonbus/auth';
import { createRateBudget, createTokenBucket } from '@arqonbus/pipeline';
import { formatTime } from '@arqonbus/protocol';
import type { ClientId, Clock, TenantId } from '@arqonbus/protocol';
import type { ScreenedDescription } from '../casil/screen-description.ts';
import type { BanList } from '../bans/ban-list.ts';
import type { GrantSets, SessionRights } from '@arqonbus/runtime';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { TenantStates } from '../limits/tenant-states.ts';
import type { UpgradeDecision, UpgradeRequest } from '../listener/listener.ts';
import { parseClientDescription } from './client-description.ts';
import { negotiate } from './negotiation.ts';
import type { Negotiation } from './negotiation.ts';
import type { Peer } from './peer.ts';
import { identify } from './identify.ts';
import type { IdentifyOptions } from './identify.ts';
import { refusal, refuseUpgrade } from './refusal.ts';
import type { HandshakeRefusal, Verdict } from './refusal.ts';
import { Session } from './session.ts';
import type { ClientDescription } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What a handshake needs from around it. */
export interface HandshakeOptions extends IdentifyOptions {
  readonly rights: SessionRights;
  readonly grants: Pick<GrantSets, 'isCurrent'>;
  readonly queryToken: boolean;
  readonly admission: ConnectionAdmission;
  readonly sessions: SessionRegistry;
  readonly tenantStates: TenantStates;
  readonly bans: BanList;
  readonly clock: Clock;
  /** A number in [0, 1), to spread the ends of long connections. */
  readonly random: () => number;
  readonly nextClientId: () => ClientId;
  readonly nextSessionId: () => string;
  /** Counts refusals by a fixed word. */
  readonly onRefused: (reason: string) => void;
  /** Looks at what a client says of itself, where its tenant has CASIL on (SAF-3). Absent = nobody does. */
  readonly screen?: (tenant: TenantId, description: ClientDescription) => ScreenedDescription;
}

/** Answers upgrades: who may open a session, and how everybody else is told (PRT-1 to PRT-3). */
export type Handshake = (request: UpgradeRequest) => Promise<UpgradeDecision<Peer>>;

const YES: Verdict = { ok: true };

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
  const identified = await identify(request, negotiation, options);
  if (!identified.ok) return identified;
  const { principal, ip } = identified;
  const person = checkPrincipal(principal, options);
  if (!person.ok) return person;
  const parsed = parseClientDescription(request.query);
  if (!parsed.ok) return refusal('VALIDATION_ERROR', 'description', { errors: parsed.errors });
  const screened = options.screen?.(principal.tenant, parsed.description) ?? parsed;
  if (!screened.ok) return refusal('CASIL_POLICY_BLOCKED_SECRET', 'casil', { errors: screened.errors });
  const session = createSession(principal, screened.description, negotiation, ip, options);
  return { ok: true, session, protocol: negotiation.protocol };
}

/** Whether this person may have one more session: bans (nobody may while they or grants are not known, SPN-6), and the caps of user and tenant in the whole cluster (PRT-27). */
export function checkPrincipal(
  principal: Principal,
  options: Pick<HandshakeOptions, 'bans' | 'grants' | 'sessions' | 'tenantStates' | 'limits'>,
): Verdict {
  const heard = checkBans(principal, options);
  if (!heard.ok) return heard;
  const state = options.tenantStates.of(principal.tenant);
  const ofUser = options.sessions.countOfUser(principal.tenant, principal.user);
  if (ofUser + (state.usersElsewhere.get(principal.user) ?? 0) >= options.limits.connectionsPerUser) {
    return refusal('QUOTA_EXCEEDED', 'user_connections', { retry_after_ms: 5000 });
  }
  if (state.connections + state.connectionsElsewhere >= options.limits.connectionsPerTenant) {
    return refusal('QUOTA_EXCEEDED', 'tenant_connections', { retry_after_ms: 5000 });
  }
  return YES;
}

/** Whether this person may be heard at all. */
export function checkBans(principal: Principal, { bans, grants }: Pick<HandshakeOptions, 'bans' | 'grants'>): Verdict {
  if (!bans.isCurrent() || !grants.isCurrent()) return refusal('UNAVAILABLE', 'spine', { retry_after_ms: 1000 });
  const ban = bans.find(principal.tenant, principal.user);
  if (ban === undefined) return YES;
  return refusal('BANNED', 'banned', ban.untilMs === 0n ? {} : { until: formatTime(Number(ban.untilMs)) });
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
    rights: options.rights.of(principal),
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
