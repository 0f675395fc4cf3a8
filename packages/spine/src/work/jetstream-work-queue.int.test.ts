import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer, NatsUser } from '@arqonbus/testkit';
import { createNatsSpine } from '../nats/nats-spine.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { createJetStreamWorkQueues } from './jetstream-work-queue.ts';
import { describeWorkQueue } from './work-queue.contract.ts';
import { provisionWorkStreams } from './work-streams.ts';

const acme = 'acme' as TenantId;
const users = shippedNatsConfig();

describe.each(natsReleases())('on NATS, %s', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;
  const connectAs = (service: NatsUser): Promise<NatsSpine> => {
    const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: password = '' } = users.env(service);
    return createNatsSpine({ servers: [server.url], name: service, user, password, inboxPrefix: `_INBOX_${service}` });
  };

  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true, config: users.config, release });
    spine = await connectAs('brain');
    // Twice: the second one finds them.
    for (const replicas of [1, 1]) await provisionWorkStreams(spine, { replicas, maxBytes: 1_048_576 });
  });

  afterAll(async () => {
    await spine.close();
    await server.stop();
  });

  describeWorkQueue('on JetStream', async () => {
    const far = await connectAs('brain');
    return {
      near: (await createJetStreamWorkQueues(spine))('webhooks'),
      far: (await createJetStreamWorkQueues(far))('webhooks'),
      close: () => far.close(),
    };
  });

  it('[SPN-2] a Shield adds events for webhooks, and can do nothing else with work', async () => {
    const shield = await connectAs('shield');
    const open = await createJetStreamWorkQueues(shield, { timeoutMs: 1_000 });
    const work = { tenant: acme, partition: 15, id: 'arq_0000000001', data: new Uint8Array(9) };
    await open('webhooks').add(work);
    const never = { maxInHand: 1, onItem: () => undefined, onEnded: () => undefined };
    await expect(open('webhooks').take(15, never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(open('webhook_retries').add(work)).rejects.toMatchObject({ code: expect.any(String) });
    await shield.close();
  });

  it('[PRD-5] a full queue refuses, and keeps what it has', async () => {
    const queue = (await createJetStreamWorkQueues(spine))('webhook_retries');
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 10; n += 1) {
        await queue.add({ tenant: acme, partition: 0, id: `d_${n}`, data: new Uint8Array(262_144) });
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const seqs: number[] = [];
    const taken = new Promise<void>((resolve) => {
      void queue.take(0, {
        maxInHand: 100,
        onItem: (item) => {
          seqs.push(item.seq);
          item.ack();
          if (seqs.length === 3) resolve();
        },
        onEnded: () => undefined,
      });
    });
    await taken;
    expect(seqs).toEqual([1, 2, 3]);
  });
});

describe('without its stream', () => {
  it('[WHK-2] nothing is added, and that is told', async () => {
    const server = await startNatsServer({ jetstream: true });
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    const queue = (await createJetStreamWorkQueues(spine))('webhooks');
    const add = queue.add({ tenant: acme, partition: 0, id: 'e_1', data: new Uint8Array(1) });
    await expect(add).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await spine.close();
    await server.stop();
  });
});
