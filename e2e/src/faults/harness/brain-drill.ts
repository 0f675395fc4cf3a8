import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startChannelKeeper } from './channel-keeper.ts';
import type { ChannelKeeper } from './channel-keeper.ts';
import { startFaultCluster } from './fault-cluster.ts';
import type { FaultCluster } from './fault-cluster.ts';
import type { FollowedClient } from './followed-client.ts';
import { countCodes, findRefused, startPings } from './load.ts';
import type { Outcome } from './load.ts';

/** Commands that need the Brain, from both Shields at once, while something happens to it. */
export interface BrainDrill {
  readonly streams: readonly ChannelKeeper[];
  /** Ends the commands, and checks that all that was accepted is true, as the other Shield sees it. */
  finish(): Promise<DrillResult>;
}

/** How the commands of a drill went. */
export interface DrillResult {
  readonly codes: Readonly<Record<string, number>>;
  /** As {@link findRefused} has it. */
  readonly refused: readonly Outcome[];
  /** When the last one that was refused had been sent; 0 = none was. */
  readonly lastRefusedAt: number;
  readonly slowestMs: number;
  readonly slowestPingMs: number;
}

const EVERY_MS = 25;

/** A cluster for the tests of a file: its clients leave after each of them, and the Brains that it has lost come back. */
export interface DrilledCluster {
  /** The cluster; once the tests run. */
  bus(): FaultCluster;
  connect(shield: number, user: string, role?: 'user' | 'admin'): Promise<FollowedClient>;
}

/** Starts it before the tests, and ends it after them. */
export function drilledCluster(): DrilledCluster {
  let bus: FaultCluster;
  let clients: FollowedClient[] = [];
  beforeAll(async () => {
    bus = await startFaultCluster({ ARQONBUS_LIMITS_MAX_SUBSCRIPTIONS: '10000' });
  });
  afterEach(async () => {
    for (const client of clients) client.end();
    clients = [];
    for (const number of [0, 1]) if (bus.brains[number]?.isRunning() !== true) await bus.startBrain(number);
  });
  afterAll(() => bus.stop());
  return {
    bus: () => bus,
    connect: async (shield, user, role = 'admin') => {
      const client = await bus.connect(shield, { user, role });
      clients.push(client);
      return client;
    },
  };
}

/** Resolves when both Shields hear all of the Brain. */
export async function untilBrainsWork(bus: FaultCluster): Promise<void> {
  const states = async (): Promise<unknown> =>
    Promise.all([0, 1].map(async (shield) => (await bus.health(shield, 'ready')).status));
  await expect.poll(states, { timeout: 15_000 }).toEqual(['ok', 'ok']);
}

/** Members of the room's channel `anchor`, and connections of the tenant. */
export async function countAnchored(client: FollowedClient, room: string): Promise<readonly unknown[]> {
  const { members } = await client.must('channel_info', { room, channel: 'anchor' });
  const { connections } = await client.must('status');
  return [members, connections];
}

/** Starts commands of these two administrators, one on each Shield and nobody else connected. */
export async function startBrainDrill(near: FollowedClient, far: FollowedClient, room: string): Promise<BrainDrill> {
  const pair = [
    { keeper: near, observer: far, prefix: `${room}-near` },
    { keeper: far, observer: near, prefix: `${room}-far` },
  ];
  for (const { keeper } of pair) await keeper.must('join_channel', { room, channel: 'anchor' });
  const parts = pair.map((one) => ({ ...one, stream: startChannelKeeper(one.keeper, one.prefix, EVERY_MS) }));
  const streams = parts.map(({ stream }) => stream);
  const pace = [near, far].map(startPings);
  for (const { load } of streams) await load.more(30, ['ok']);
  return {
    streams,
    finish: async () => {
      const outcomes = (await Promise.all(streams.map((stream) => stream.stop()))).flat();
      const pings = (await Promise.all(pace.map((load) => load.stop()))).flat();
      for (const { stream, observer } of parts)
        await expect.poll(() => stream.findUntrue(observer), { timeout: 5_000 }).toEqual([]);
      await expect.poll(() => countAnchored(near, room)).toEqual([2, 2]);
      const refused = outcomes.filter(({ code }) => code !== 'ok');
      return {
        codes: countCodes(outcomes),
        refused: findRefused(outcomes, pings),
        slowestPingMs: Math.max(...pings.map(({ tookMs }) => tookMs)),
        lastRefusedAt: Math.max(0, ...refused.map(({ sentAt }) => sentAt)),
        slowestMs: Math.max(...outcomes.map(({ tookMs }) => tookMs)),
      };
    },
  };
}
