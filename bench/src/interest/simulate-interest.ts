import { SeededRandom } from '@arqonbus/testkit';

/** Who is where: connections spread over Shields by a load balancer that knows nothing of channels. */
export interface InterestPlan {
  readonly shields: number;
  readonly connections: number;
  readonly channels: number;
  readonly channelsPerConnection: number;
  /** 0 = every channel is as popular as another; 1 = the n-th is 1/n as popular as the first. */
  readonly skew: number;
  readonly seed: number;
}

/** What one publication costs on the Spine, on average over publications that come from random members. */
export interface SpineTraffic {
  /** Shields that hear it, and so copies that NATS sends. */
  readonly copies: number;
  /** Connections that it is delivered to. */
  readonly deliveries: number;
  /** Subscriptions of the busiest Shield: one for each channel that has a member there. */
  readonly subscriptions: number;
  /** Copies divided by what sending everything to every Shield would take. */
  readonly shareOfFlood: number;
}

/** Joins every connection to its channels on a random Shield, and counts. The same plan gives the same figures. */
export function simulateInterest(plan: InterestPlan): SpineTraffic {
  const { shields, connections, channels, channelsPerConnection } = plan;
  const random = new SeededRandom(plan.seed);
  const pick = createPicker(channels, plan.skew, random);
  const members = new Uint32Array(channels);
  const heard = new Uint8Array(channels * shields);
  for (let connection = 0; connection < connections; connection += 1) {
    const shield = random.below(shields);
    for (let join = 0; join < channelsPerConnection; join += 1) {
      const channel = pick();
      members[channel] = (members[channel] ?? 0) + 1;
      heard[channel * shields + shield] = 1;
    }
  }
  const subscriptions = new Uint32Array(shields);
  let copies = 0;
  let deliveries = 0;
  let publications = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    const audience = members[channel] ?? 0;
    let reached = 0;
    for (let shield = 0; shield < shields; shield += 1) {
      if (heard[channel * shields + shield] !== 1) continue;
      reached += 1;
      subscriptions[shield] = (subscriptions[shield] ?? 0) + 1;
    }
    // Each member publishes as often as any other.
    publications += audience;
    copies += audience * reached;
    deliveries += audience * audience;
  }
  return {
    copies: copies / publications,
    deliveries: deliveries / publications,
    subscriptions: Math.max(...subscriptions),
    shareOfFlood: copies / publications / shields,
  };
}

/** How many of `shields` hear a channel of so many members that are spread at random. */
export function expectedCopies(shields: number, members: number): number {
  return shields * (1 - (1 - 1 / shields) ** members);
}

function createPicker(channels: number, skew: number, random: SeededRandom): () => number {
  const sums = new Float64Array(channels);
  let sum = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    sum += (channel + 1) ** -skew;
    sums[channel] = sum;
  }
  return () => {
    const wanted = random.next() * sum;
    let low = 0;
    let high = channels - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? sum) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
