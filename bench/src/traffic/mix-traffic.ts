import { isBinary, messageOf, openGroup } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import type { Endpoint } from '../harness/endpoint.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import type { Load } from '../harness/load.ts';
import type { PublishOrder } from '../load/orders.ts';

/** Channels of the mix, each with one publisher. */
export const MIX_CHANNELS = 20;
/** Receivers of each channel of the mix. */
export const MIX_RECEIVERS = 10;

const PAYLOAD_BYTES = 200;

/** How fast the mix goes, and for how long. */
export interface MixPace {
  /** Messages a second: a multiple of 1,000. */
  readonly rate: number;
  readonly ms: number;
  /** What a yardstick delivers in one frame; ours delivers what it makes of the payload. */
  readonly deliveredBytes?: number;
}

/**
 * Opens the publishers and receivers of the mix. Each endpoint gets an equal part of the receivers of every channel; the
 * publishers are dealt out in turn.
 */
export async function openMix(load: Load, plan: ContenderPlan, endpoints: readonly Endpoint[]): Promise<void> {
  const channels = channelsOf(plan);
  const joins = channels.map((channel) => [channel]);
  const count = (MIX_CHANNELS * MIX_RECEIVERS) / endpoints.length;
  for (const [part, server] of endpoints.entries()) {
    const contender = { ...plan, server };
    const isOwn = (_: unknown, index: number): boolean => index % endpoints.length === part;
    const publishes = channels.filter(isOwn);
    const ownJoins = plan.kind === 'arqon' ? joins.filter(isOwn) : [];
    await openGroup(load, contender, { name: 'mix-receivers', count, joins, publishes: [] });
    const name = `mix-publishers-${part}`;
    await openGroup(load, contender, { name, count: publishes.length, joins: ownJoins, publishes });
  }
}

/** The order for connections that {@link openMix} opened on so many endpoints. */
export function mixOrder(plan: ContenderPlan, pace: MixPace, endpoints = 1): PublishOrder {
  const { rate, ms, deliveredBytes = PAYLOAD_BYTES } = pace;
  const payload = jsonPayload(PAYLOAD_BYTES);
  return {
    publishers: Array.from({ length: endpoints }, (_, part) => `${plan.name}/mix-publishers-${part}`),
    receivers: `${plan.name}/mix-receivers`,
    payloads: channelsOf(plan).map((channel) => messageOf(plan, channel, payload, deliveredBytes)),
    isBinary: isBinary(plan),
    turns: ms,
    turnEveryMs: 1,
    publishersPerTurn: rate / 1_000,
    messagesPerTurn: 1,
    keepsRate: true,
    deliveriesPerMessage: MIX_RECEIVERS,
    measuresLatency: true,
  };
}

/** Of the two formats each has channels of its own: both may use one bus. */
function channelsOf(plan: ContenderPlan): readonly string[] {
  const name = isBinary(plan) ? 'bin' : 'mix';
  return Array.from({ length: MIX_CHANNELS }, (_, index) => `${name}-${index}`);
}
