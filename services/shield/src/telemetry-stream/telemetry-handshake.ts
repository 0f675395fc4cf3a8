import { createTokenBucket } from '@arqonbus/pipeline';
import type { Principal } from '@arqonbus/auth';
import type { UpgradeDecision, UpgradeRequest } from '../listener/listener.ts';
import { identify } from '../session/identify.ts';
import type { IdentifyOptions } from '../session/identify.ts';
import { negotiate } from '../session/negotiation.ts';
import type { Negotiation } from '../session/negotiation.ts';
import { refusal, refuseUpgrade } from '../session/refusal.ts';
import type { HandshakeRefusal, Verdict } from '../session/refusal.ts';
import type { BanList } from '../bans/ban-list.ts';
import type { Follower, TelemetryPeer } from './follower.ts';
import type { TenantFollowers } from './tenant-followers.ts';

/** What a handshake of the telemetry stream needs from around it; most of it is shared with the sessions' own. */
export interface TelemetryHandshakeOptions extends IdentifyOptions {
  readonly queryToken: boolean;
  readonly bans: BanList;
  readonly clock: { monotonicMs(): number };
  readonly onRefused: (reason: string) => void;
  readonly followers: Pick<TenantFollowers, 'countOf'>;
}

/** Followers of one tenant at one Shield. */
export const MAX_FOLLOWERS_PER_TENANT = 20;

/** Lets administrators in, and tells everybody else why not, as PRT-2 says (TEL-4). */
export function createTelemetryHandshake(
  options: TelemetryHandshakeOptions,
): (request: UpgradeRequest) => Promise<UpgradeDecision<TelemetryPeer>> {
  return async (request) => {
    const negotiation = negotiateJson(request, options);
    const outcome = await admit(request, negotiation, options);
    if ('kind' in outcome) return { accept: true, protocol: negotiation.ok ? negotiation.protocol : '', data: outcome };
    options.onRefused(outcome.reason);
    return refuseUpgrade(outcome, negotiation);
  };
}

/** Whether this person may follow the tenant: role, bans and the cap. */
export function checkFollower(
  { role, tenant, user }: Principal,
  { bans, followers }: Pick<TelemetryHandshakeOptions, 'bans' | 'followers'>,
): Verdict {
  if (role !== 'admin') return refusal('AUTHORIZATION_ERROR', 'telemetry_role');
  if (bans.find(tenant, user) !== undefined) return refusal('BANNED', 'banned');
  if (followers.countOf(tenant) < MAX_FOLLOWERS_PER_TENANT) return { ok: true };
  return refusal('QUOTA_EXCEEDED', 'tenant_followers', { retry_after_ms: 5000 });
}

function negotiateJson(request: UpgradeRequest, options: TelemetryHandshakeOptions): Negotiation {
  const protocols = request.protocols.filter((offered) => offered !== 'arqon.v1.proto');
  if (protocols.length === 0 && request.protocols.length > 0)
    return { ok: false, problem: 'only arqon.v1.json is spoken here' };
  return negotiate({ ...request, protocols }, options);
}

async function admit(
  request: UpgradeRequest,
  negotiation: Negotiation,
  options: TelemetryHandshakeOptions,
): Promise<Follower | HandshakeRefusal> {
  if (!negotiation.ok) {
    return refusal('VALIDATION_ERROR', 'protocol', {
      errors: [{ field: 'subprotocol', problem: negotiation.problem }],
    });
  }
  const identified = await identify(request, negotiation, options);
  if (!identified.ok) return identified;
  const { principal, ip } = identified;
  const person = checkFollower(principal, options);
  return person.ok ? createFollower(principal, ip, options) : person;
}

function createFollower(
  principal: Principal,
  remoteIp: string,
  { clock, limits }: TelemetryHandshakeOptions,
): Follower {
  const nowMs = clock.monotonicMs();
  return {
    kind: 'follower',
    principal,
    remoteIp,
    budget: createTokenBucket(limits.controlFramesPerSecond, limits.controlFramesBurst, nowMs),
    connection: undefined,
    events: undefined,
    dropped: 0,
    badFramesMs: [],
    isClosing: false,
    openedAtMs: nowMs,
    lastSeenMs: nowMs,
    lastPingMs: nowMs,
  };
}
