import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turn } from '../session/session-rig.ts';
import { createDeliveryRig } from './delivery-rig.ts';
import type { DeliveryRig, RigClient } from './delivery-rig.ts';
import { createTestReader } from './test-reader.ts';
import type { TestReader } from './test-reader.ts';

const CHANNEL = 'general';

const steps = [
  'publish',
  'publish',
  'publish',
  'hand',
  'write',
  'deliver',
  'deliver',
  'fill',
  'fill',
  'half',
  'drain',
  'drain',
  'sweep',
  'sweep',
  'tick',
  'trim',
  'hold reads',
  'answer reads',
  'fail reads',
  'leave',
  'join on',
  'join again',
  'join now',
  'join with history',
] as const;
type Step = (typeof steps)[number];

interface World {
  readonly rig: DeliveryRig;
  readonly client: RigClient;
  readonly reader: TestReader;
  readonly all: number[];
  joinsUnderWay: number;
}

async function begin(): Promise<World> {
  const rig = createDeliveryRig();
  // Somebody else stays in the channel: a Shield knows nothing of a log from before it heard of the channel.
  await rig.join(rig.connect({ user: 'grace' }), CHANNEL);
  const client = rig.connect({ user: 'ada' });
  await rig.join(client, CHANNEL);
  return { rig, client, reader: createTestReader(client.connection, CHANNEL), all: [], joinsUnderWay: 0 };
}

function join(world: World, args: Parameters<DeliveryRig['join']>[2]): void {
  world.joinsUnderWay += 1;
  const done = (): void => {
    world.joinsUnderWay -= 1;
  };
  // A join whose read of the log fails is refused; the client is where it was.
  void world.rig
    .join(world.client, CHANNEL, args)
    .catch(() => undefined)
    .finally(done);
}

function joinFrom({ rig, reader }: World, seq: number): Parameters<DeliveryRig['join']>[2] {
  const subscribed = [...rig.sessions.all()][0]?.subscriptions.get(`science:${CHANNEL}`);
  return { from: { epoch: subscribed?.channel.epoch ?? '', seq: Math.max(0, Math.min(seq, reader.position())) } };
}

const changes: Readonly<Record<Step, (world: World, n: number) => Promise<void> | void>> = {
  publish: async ({ rig, all }) => void all.push(await rig.publish(CHANNEL)),
  hand: ({ rig }) => rig.hand(),
  write: ({ rig }) => rig.write(),
  deliver: ({ rig }) => rig.deliver(),
  fill: ({ client }, n) => {
    client.connection.buffered = 1_001 + n;
    client.connection.bytesPerFrame = n * 20;
  },
  half: ({ client }) => {
    client.connection.buffered = 400;
    client.connection.bytesPerFrame = 60;
  },
  drain: ({ rig, client }) => {
    client.connection.buffered = 0;
    rig.slowConsumers.onDrain(client.session);
  },
  sweep: ({ rig }) => rig.slowConsumers.sweep(),
  tick: ({ rig }) => rig.clock.advance(300),
  trim: ({ rig, all }, n) => rig.log.trim(rig.address(CHANNEL), (all.at(-1 - n) ?? 0) + 1),
  'hold reads': ({ rig }) => {
    rig.holdsReads = true;
  },
  'answer reads': ({ rig }) => rig.releaseReads('answer'),
  'fail reads': ({ rig }) => rig.releaseReads('fail'),
  leave: ({ rig, client }) => void rig.subscriptions.leave(client.session, 'science', CHANNEL),
  'join on': (world) => join(world, joinFrom(world, world.reader.position())),
  'join again': (world, n) => join(world, joinFrom(world, world.all.at(-1 - n) ?? 0)),
  'join now': (world) => join(world, {}),
  'join with history': (world, n) => join(world, { history: n + 1 }),
};

/** Lets everything come to rest: the log answers, the client reads, time passes. */
async function rest({ rig, client }: World): Promise<void> {
  rig.holdsReads = false;
  client.connection.bytesPerFrame = 0;
  for (let i = 0; i < 8; i++) {
    client.connection.buffered = 0;
    await rig.releaseReads();
    await rig.deliver();
    rig.clock.advance(1_000);
    rig.slowConsumers.sweep();
    await turn();
  }
}

describe('what a client sees of a logged channel', () => {
  it(
    '[LOG-9] [LOG-11] is in order, without repetition and without a silent hole, whatever happens (property)',
    { timeout: 60_000 },
    async () => {
      const step = fc.record({ step: fc.constantFrom(...steps), n: fc.integer({ min: 0, max: 9 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 90, size: 'max' }), async (list) => {
          const world = await begin();
          for (const { step: name, n } of list) {
            // A client that is over its limit for long is cut, which is another test's.
            await changes[name](world, n);
            if (name.startsWith('join') || name === 'deliver') await turn();
            world.reader.read(world.all);
          }
          await rest(world);
          world.reader.read(world.all);
          expect(world.joinsUnderWay).toBe(0);
          expect(world.client.session.pendingJoins.size).toBe(0);
          expect(world.client.session.slow).toBeUndefined();
          const subscription = world.client.session.subscriptions.get(`science:${CHANNEL}`);
          if (subscription === undefined) return;
          expect(subscription.isAttached).toBe(true);
          expect(world.reader.position()).toBe(world.all.at(-1) ?? 0);
        }),
        { numRuns: 400 },
      );
    },
  );
});
