import type { Spine } from '@arqonbus/spine';
import type { Client } from '../membership/members.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import { orderDisconnect } from '../orders/order-disconnect.ts';
import type { ClusterLimits } from './index.ts';

/** What holding tenants and users to their caps needs. */
export interface ConnectionCapsOptions {
  readonly spine: Spine;
  readonly state: MembershipState;
  readonly limits: ClusterLimits;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends a connection that is one too many for its user or tenant (PRT-27). Shields refuse from what they knew a moment
 * ago, and several of them may have let somebody in at the same time: here all of them are seen.
 */
export function createConnectionCaps({
  spine,
  state,
  limits,
  onError,
}: ConnectionCapsOptions): (client: Client) => void {
  return ({ tenant: { id: tenant }, member: { clientId, user } }) => {
    const isUserOver = state.connectionsOf(tenant, user) > limits.connectionsPerUser;
    if (!isUserOver && state.connections(tenant) <= limits.connectionsPerTenant) return;
    try {
      orderDisconnect(spine, { tenant, clientId, code: 'QUOTA_EXCEEDED' });
    } catch (error) {
      // Not connected: whoever takes over counts anew.
      onError(error);
    }
  };
}
