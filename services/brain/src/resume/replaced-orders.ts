import type { Spine } from '@arqonbus/spine';
import type { Client } from '../membership/members.ts';
import { orderDisconnect } from '../orders/order-disconnect.ts';

/** What ordering the end of replaced connections needs. */
export interface ReplacedOrdersOptions {
  readonly spine: Spine;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends the connection that a client had before it was resumed, where its Shield could not be told (PRT-7): it was cut off
 * from the Spine, or did not answer.
 */
export function createReplacedOrders({ spine, onError }: ReplacedOrdersOptions): (client: Client) => void {
  return ({ tenant: { id: tenant }, member: { clientId }, generation: replacedBy }) => {
    try {
      orderDisconnect(spine, { tenant, clientId, replacedBy });
    } catch (error) {
      // Not connected: the snapshots that follow tell of it again.
      onError(error);
    }
  };
}
