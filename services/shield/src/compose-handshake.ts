import { screenDescription } from './casil/screen-description.ts';
import type { BanList } from './bans/ban-list.ts';
import type { CasilShieldParts } from './compose-casil.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { GrantSets, SessionRights } from '@arqonbus/runtime';
import type { Ids } from './ids.ts';
import { createConnectionAdmission } from './limits/connection-admission.ts';
import type { ConnectionAdmission } from './limits/connection-admission.ts';
import { connectionsThatFit } from './limits/connections-that-fit.ts';
import { createFloodHolds } from './limits/flood-holds.ts';
import type { FloodHolds } from './limits/flood-holds.ts';
import { createWaitOut } from './limits/wait-out.ts';
import { createHandshake } from './session/handshake.ts';
import type { Handshake, HandshakeOptions } from './session/handshake.ts';
import { createRemoteIp } from './session/remote-ip.ts';
import { createTimedHandshake } from './session/timed-handshake.ts';
import type { ShieldOptions } from './shield-options.ts';

/** Who may begin a connection, by address, and who may not for a while. */
export interface AdmissionParts {
  readonly admission: ConnectionAdmission;
  readonly floodHolds: FloodHolds;
}

/** Nobody is here yet. */
export function composeAdmission({ limits, clock }: ShieldOptions): AdmissionParts {
  const monotonicMs = (): number => clock.monotonicMs();
  return {
    admission: createConnectionAdmission(limits, monotonicMs, connectionsThatFit()),
    floodHolds: createFloodHolds(monotonicMs),
  };
}

/** What a handshake is made from. */
export interface HandshakeParts extends DeliveryParts, AdmissionParts {
  readonly bans: BanList;
  readonly casil: CasilShieldParts;
  readonly grants: GrantSets;
  readonly rights: SessionRights;
  readonly draining: { readonly isOn: boolean };
}

/** What handshakes of sessions and of the telemetry stream need. */
export function createHandshakeOptions(options: ShieldOptions, ids: Ids, parts: HandshakeParts): HandshakeOptions {
  const refused = options.metrics.labelledCounter(
    'arqonbus_connections_refused_total',
    'Connections refused, by reason.',
    'reason',
    { values: ['full', 'spine', 'token_keys_unavailable'] },
  );
  return {
    ...options,
    ...parts,
    remoteIp: createRemoteIp(options.trustedProxies),
    waitOut: createWaitOut(options.limits),
    screen: (tenant, description) => screenDescription(description, parts.casil.policies.policyOf(tenant)),
    random: Math.random,
    nextClientId: ids.nextClientId,
    nextSessionId: ids.nextSessionId,
    isDraining: () => parts.draining.isOn,
    onRefused: (reason) => {
      refused.inc(reason);
      options.logger.debug({ event: 'connection_refused', reason }, 'a connection was refused');
    },
  };
}

/** A handshake of sessions over these. */
export function composeHandshake({ clock, metrics }: ShieldOptions, options: HandshakeOptions): Handshake {
  return createTimedHandshake(createHandshake(options), metrics, () => clock.monotonicMs());
}
