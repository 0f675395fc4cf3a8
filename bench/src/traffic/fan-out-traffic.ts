import { isBinary, messageOf, openGroup } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import type { Endpoint } from '../harness/endpoint.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import type { Load } from '../harness/load.ts';
import type { PublishOrder } from '../load/orders.ts';

const RECEIVERS = 1_000;

/** How much one publisher sends to a thousand subscribers, and how often. */
export interface FanOutPace {
  readonly payloadBytes: number;
  readonly messagesPerTurn: number;
  readonly turnEveryMs: number;
  readonly ms: number;
  /** What a yardstick delivers in one frame; ours delivers what it makes of the payload. */
  readonly deliveredBytes?: number;
}

/** The publisher has joined the channel like everybody, without echo; a yardstick's publisher is told where to publish. */
export async function openFanOut(load: Load, contender: ContenderPlan & { readonly server: Endpoint }): Promise<void> {
  const joins = [['fan']];
  await openGroup(load, contender, { name: 'fan-receivers', count: RECEIVERS, joins, publishes: [] });
  const ownJoins = contender.kind === 'arqon' ? joins : [];
  await openGroup(load, contender, { name: 'fan-publisher', count: 1, joins: ownJoins, publishes: ['fan'] });
}

/** The order for connections that {@link openFanOut} opened. */
export function fanOutOrder(plan: ContenderPlan, pace: FanOutPace): PublishOrder {
  const { payloadBytes, messagesPerTurn, turnEveryMs, ms, deliveredBytes = payloadBytes } = pace;
  return {
    publishers: [`${plan.name}/fan-publisher`],
    receivers: `${plan.name}/fan-receivers`,
    payloads: [messageOf(plan, 'fan', jsonPayload(payloadBytes), deliveredBytes)],
    isBinary: isBinary(plan),
    turns: Math.max(3, Math.round(ms / turnEveryMs)),
    turnEveryMs,
    publishersPerTurn: 1,
    messagesPerTurn,
    keepsRate: false,
    deliveriesPerMessage: RECEIVERS,
    measuresLatency: false,
  };
}
