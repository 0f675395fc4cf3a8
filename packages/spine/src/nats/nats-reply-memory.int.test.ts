import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { connect, createInbox } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpuSeconds, natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer, NatsUser } from '@arqonbus/testkit';

const users = shippedNatsConfig();
const BATCH = 5_000;
const PAGE = 100;
const STORED = 'arqon.in.default.0.acme.science.general';

// A server remembers the reply subjects of all that it hands to a user who may answer by them, and looks through them for each message
// (decision 0064). Each test takes four times as many as it would begin to do that at.
describe.each(natsReleases())('the shipped users of NATS %s', (release) => {
  let server: NatsServer;
  let raw: NatsConnection;
  beforeEach(async () => {
    server = await startNatsServer({ release, jetstream: true, config: users.config });
    const brain = await connectAs('brain');
    const { streams } = await jetstreamManager(brain, { checkAPI: false });
    await streams.add({ name: 'CONTINUUM', subjects: ['arqon.continuum.episode.v1.*'], num_replicas: 1 });
    await streams.add({ name: 'LOG_default_0', subjects: ['arqon.in.default.0.>'], num_replicas: 1 });
    await brain.close();
  });
  afterEach(async () => {
    await raw.close();
    await server.stop();
  });

  function connectAs(service: NatsUser): Promise<NatsConnection> {
    const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: pass = '' } = users.env(service);
    return connect({ servers: server.url, user, pass, inboxPrefix: `_INBOX_${service}` });
  }

  /** What the last of four batches costs the server is about what the first did; else it was ten times as much, and more. */
  async function expectSteadyCost(takeBatch: () => Promise<void>): Promise<void> {
    const costs: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const before = cpuSeconds(server.pid());
      await takeBatch();
      costs.push(cpuSeconds(server.pid()) - before);
    }
    expect(costs.at(-1)).toBeLessThan(3 * (costs[0] ?? 0) + 0.1);
  }

  it('[SPN-2] [CTM-4] what a Brain takes from a stream costs the server the same, however much it took before', async () => {
    raw = await connectAs('brain');
    const { consumers } = await jetstreamManager(raw, { checkAPI: false });
    await consumers.add('CONTINUUM', { durable_name: 'projector', ack_policy: AckPolicy.Explicit });
    const consumer = await jetstream(raw).consumers.get('CONTINUUM', 'projector');
    await expectSteadyCost(async () => {
      for (let n = 0; n < BATCH; n += 1) raw.publish('arqon.continuum.episode.v1.acme', 'x');
      for (let taken = 0; taken < BATCH;) {
        for await (const message of await consumer.fetch({ max_messages: BATCH - taken })) {
          message.ack();
          taken += 1;
        }
      }
      await raw.flush();
    });
  });

  it('[SPN-2] [LOG-10] what a Shield reads of the log costs the server the same, however much it read before', async () => {
    raw = await connectAs('shield');
    const { consumers } = await jetstreamManager(raw, { checkAPI: false });
    for (let n = 0; n < PAGE; n += 1) raw.publish(STORED, 'x');
    let pages = 0;
    await expectSteadyCost(async () => {
      for (let read = 0; read < BATCH; read += PAGE) await readPage(raw, consumers, `page-${(pages += 1)}`);
    });
  });
});

/** As the log is read where there are no batch reads. */
async function readPage(raw: NatsConnection, consumers: JetStreamManager['consumers'], name: string): Promise<void> {
  const inbox = createInbox('_INBOX_shield');
  const whole = new Promise<void>((resolve) => {
    raw.subscribe(inbox, {
      max: PAGE,
      callback: (_, { reply = '' }) => (reply.endsWith('.0') ? resolve() : undefined),
    });
  });
  await consumers.add('LOG_default_0', {
    name,
    deliver_subject: inbox,
    filter_subject: STORED,
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
  });
  await whole;
  await consumers.delete('LOG_default_0', name);
}
