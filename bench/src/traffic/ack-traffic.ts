import { isBinary, openGroup } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import type { Endpoint } from '../harness/endpoint.ts';
import { jsonEvent, jsonPayload, protoEvent } from '../harness/event-payloads.ts';
import type { Load } from '../harness/load.ts';
import type { AckOrder } from '../load/orders.ts';

const PAYLOAD_BYTES = 200;
const CHANNEL = 'ack';

/** Opens the one publisher; it has joined its channel like everybody, and nobody else has. A yardstick answers with the message itself. */
export async function openAck(load: Load, plan: ContenderPlan, server: Endpoint): Promise<void> {
  await openGroup(load, { ...plan, server }, { name: 'publisher', count: 1, joins: [[CHANNEL]], publishes: [CHANNEL] });
}

/** The order for the connection that {@link openAck} opened. */
export function ackOrder(plan: ContenderPlan, inFlight: number, ms: number): AckOrder {
  const encode = isBinary(plan) ? protoEvent : jsonEvent;
  const event = encode(`${plan.room}:${CHANNEL}`, jsonPayload(PAYLOAD_BYTES), true);
  return {
    group: `${plan.name}/publisher`,
    dialect: plan.dialect,
    payload: Buffer.from(event).toString('base64'),
    isBinary: isBinary(plan),
    inFlight,
    ms,
  };
}
