import { isBinary, messageOf, openGroup } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import type { Endpoint } from '../harness/endpoint.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import type { Load } from '../harness/load.ts';
import type { PublishOrder } from '../load/orders.ts';

const CHANNELS = 20;
const PAYLOAD_BYTES = 200;

/**
 * Opens twenty publishers at one Shield and, at another, one subscriber for each. The publishers hold a grant and have not
 * joined, so that nothing comes back to their Shield.
 */
export async function openHops(load: Load, plan: ContenderPlan, from: Endpoint, to: Endpoint): Promise<void> {
  const channels = channelsOf(plan);
  const joins = channels.map((channel) => [channel]);
  await openGroup(load, { ...plan, server: to }, { name: 'subscribers', count: CHANNELS, joins, publishes: [] });
  const publishers = { name: 'publishers', count: CHANNELS, joins: [], publishes: channels };
  await openGroup(load, { ...plan, server: from }, publishers, true);
}

/** The order for connections that {@link openHops} opened: so many messages a second (a multiple of 1,000), so long. */
export function hopOrder(plan: ContenderPlan, rate: number, ms: number): PublishOrder {
  const payload = jsonPayload(PAYLOAD_BYTES);
  return {
    publishers: [`${plan.name}/publishers`],
    receivers: `${plan.name}/subscribers`,
    payloads: channelsOf(plan).map((channel) => messageOf(plan, channel, payload, PAYLOAD_BYTES)),
    isBinary: isBinary(plan),
    turns: ms,
    turnEveryMs: 1,
    publishersPerTurn: rate / 1_000,
    messagesPerTurn: 1,
    keepsRate: true,
    deliveriesPerMessage: 1,
    measuresLatency: true,
  };
}

/** Of the two formats each has channels of its own: both use one bus. */
function channelsOf(plan: ContenderPlan): readonly string[] {
  const name = isBinary(plan) ? 'hob' : 'hop';
  return Array.from({ length: CHANNELS }, (_, index) => `${name}-${index}`);
}
