import { createNatsSpine } from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import { natsReleases } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageStream } from '../faults/harness/damage-stream.ts';
import type { FaultCluster } from '../faults/harness/fault-cluster.ts';
import type { FollowedClient } from '../faults/harness/followed-client.ts';
import { checkOrder, publishNumbers } from '../faults/harness/numbered-log.ts';
import { report } from '../faults/harness/report.ts';
import { FAILOVER_TIMEOUT_MS, gather, more, startOnThreeNats } from '../faults/harness/three-nats.ts';

const STREAM = 'LOG_default_0';
const MESSAGES = 2_000;
const FLIPS = 40;
const DAMAGED = 2;
const target = { room: 'copies', channel: 'damaged' };

// NATS 2.9, which is not for production, leads with what it cannot read: whoever comes back waits, and is given no hole.
describe.skipIf(!natsReleases().includes('newest'))('three servers of the newest NATS', () => {
  let bus: FaultCluster;
  let spine: NatsSpine;
  beforeAll(async () => {
    bus = await startOnThreeNats('newest');
    const { ARQONBUS_NATS_USER: user, ARQONBUS_NATS_PASSWORD: password } = bus.natsUser('brain');
    const servers = bus.natsCluster.nodes.map(({ url }) => url);
    spine = await createNatsSpine({ servers, name: 'witness', user, password, inboxPrefix: '_INBOX_brain' });
  }, 90_000);
  afterAll(async () => {
    await spine.close();
    await bus.stop();
  });

  /** Number of the server that leads the stream; -1 while none does. */
  async function leader(): Promise<number> {
    const asked = spine.connection.request(`$JS.API.STREAM.INFO.${STREAM}`, '', { timeout: 2_000 });
    const answer = await asked.then(
      (message) => message.json<{ readonly cluster?: { readonly leader?: string } }>(),
      () => undefined,
    );
    return Number(answer?.cluster?.leader?.replace('node-', '') ?? -1);
  }

  /** Who leads; where it is one whose copy is whole, it dies, and the next look tells of another. */
  async function nextLeader(): Promise<number> {
    const now = await leader();
    const node = now === DAMAGED ? undefined : bus.natsCluster.nodes[now];
    await node?.kill();
    await node?.restart();
    return now;
  }

  test('[LOG-9] [LOG-3] R-13: bits are turned over in the copy of one server, which then leads: nobody is given a hole', async () => {
    const { writers, readers, end } = await gather(bus, target.room, target.channel);
    const [writer] = writers as [FollowedClient];
    const [reader] = readers as [FollowedClient];
    const load = publishNumbers(writer, 'copies:damaged');
    await more(load, MESSAGES);
    await load.stop();
    const node = bus.natsCluster.nodes[DAMAGED] as NatsServer;
    await node.kill();
    expect(damageStream(node.storeDir, STREAM, FLIPS)).toBeGreaterThan(0);
    await node.restart();
    await expect.poll(nextLeader, { timeout: 120_000, interval: 3_000 }).toBe(DAMAGED);
    const { seq } = (await writer.publish('copies:damaged', 'last')).payload;
    await expect.poll(() => reader.events.at(-1)?.['seq'], { timeout: FAILOVER_TIMEOUT_MS }).toBe(seq);

    const late = await bus.connect(0, { user: 'late' });
    const [first] = reader.events;
    const from = { epoch: first?.['epoch'], seq: first?.['seq'] };
    expect(await late.must('join_channel', { ...target, from })).toMatchObject({ recovered: true });
    await expect.poll(() => late.events.at(-1)?.['seq'], { timeout: FAILOVER_TIMEOUT_MS }).toBe(seq);
    checkOrder(late);
    const told = ({ events }: FollowedClient): unknown => events.map((event) => [event['seq'], event.id]);
    expect(told(late)).toEqual(told({ ...reader, events: reader.events.slice(1) }));
    report('a damaged copy leads', { 'read from it': late.events.length });
    end();
    late.end();
  }, 300_000);
});
