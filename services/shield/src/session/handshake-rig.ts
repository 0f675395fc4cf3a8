import type { AuthResult } from '@arqonbus/auth';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { ClientId } from '@arqonbus/protocol';
import type { BanRecord } from '@arqonbus/protocol/spine-messages';
import { createConnectionAdmission } from '../limits/connection-admission.ts';
import { createFloodHolds } from '../limits/flood-holds.ts';
import { createTenantStates } from '../limits/tenant-states.ts';
import type { UpgradeDecision, UpgradeRequest } from '../listener/listener.ts';
import { createHandshake } from './handshake.ts';
import type { HandshakeOptions } from './handshake.ts';
import type { Peer } from './peer.ts';
import { createRemoteIp } from './remote-ip.ts';
import { createSessionRegistry } from './session-registry.ts';
import { createTestClock, createTestPrincipal, createTestRights } from './session-rig.ts';

/** For tests: a good upgrade. */
export const testUpgrade: UpgradeRequest = {
  path: '/v1/socket',
  query: 'client_type=dashboard&room=science&channel=general',
  origin: '',
  authorization: 'Bearer good',
  forwardedFor: '',
  remoteAddress: '203.0.113.9',
  protocols: ['arqon.v1.json'],
};
/** For tests: one that a browser makes. */
export const testUpgradeOfBrowser: UpgradeRequest = {
  ...testUpgrade,
  authorization: '',
  protocols: ['arqon.v1.proto', 'bearer.good'],
};

/** For tests: parts of a handshake, and what happened. */
export interface HandshakeRig {
  readonly options: HandshakeOptions;
  readonly tokens: string[];
  readonly refused: string[];
  ban: BanRecord | undefined;
  isDraining: boolean;
  knowsBans: boolean;
  answer: AuthResult;
}

/** For tests: everything lets everybody in, and nobody waits. */
export function createHandshakeRig(changes: Partial<HandshakeOptions> = {}): HandshakeRig {
  const clock = createTestClock();
  const limits = changes.limits ?? DEFAULT_LIMITS;
  const rig: HandshakeRig = {
    tokens: [],
    refused: [],
    ban: undefined,
    isDraining: false,
    knowsBans: true,
    answer: { ok: true, principal: createTestPrincipal({}, clock.now()) },
    options: {
      authenticator: {
        authenticate: (token) => {
          rig.tokens.push(token);
          return Promise.resolve(rig.answer);
        },
      },
      rights: createTestRights(),
      grants: { isCurrent: () => true },
      allowedOrigins: [],
      queryToken: false,
      limits,
      admission: createConnectionAdmission(limits, () => clock.monotonicMs()),
      floodHolds: createFloodHolds(() => clock.monotonicMs()),
      waitOut: async (remainingMs) => remainingMs(),
      sessions: createSessionRegistry(),
      tenantStates: createTenantStates(limits, () => clock.monotonicMs()),
      bans: {
        find: () => rig.ban,
        ready: Promise.resolve(),
        isCurrent: () => rig.knowsBans,
        count: () => 0,
        stop: () => undefined,
      },
      remoteIp: createRemoteIp(['10.0.0.0/8']),
      clock,
      random: () => 0.5,
      nextClientId: () => 'n0a1b2c3d4e5f_6a7b8c9d0e1f2a3b4c5d' as ClientId,
      nextSessionId: () => 's_00ff',
      isDraining: () => rig.isDraining,
      onRefused: (reason) => rig.refused.push(reason),
      ...changes,
    },
  };
  return rig;
}

/** For tests: the decision on an upgrade. */
export function askHandshake(rig: HandshakeRig, request: Partial<UpgradeRequest> = {}): Promise<UpgradeDecision<Peer>> {
  return createHandshake(rig.options)({ ...testUpgrade, ...request });
}

/** For tests: how it was refused; `accepted` if it was not. */
export function refusalOf(decision: UpgradeDecision<Peer>): unknown {
  if (!decision.accept)
    return { status: decision.status, code: (JSON.parse(decision.body) as { error_code: string }).error_code };
  return decision.data.kind === 'refused' ? { afterUpgrade: decision.data.code } : 'accepted';
}
