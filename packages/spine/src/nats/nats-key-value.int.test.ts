import { afterAll, beforeAll, describe } from 'vitest';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { describeKeyValue } from '../key-value/key-value.contract.ts';
import { createNatsKeyValueStore } from './nats-key-value.ts';
import { createNatsSpine } from './nats-spine.ts';

describe.each(natsReleases())('NATS %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => void (server = await startNatsServer({ release, jetstream: true })));
  afterAll(() => server.stop());

  describeKeyValue('on NATS', async () => {
    const near = await createNatsSpine({ servers: [server.url], name: 'near' });
    const far = await createNatsSpine({ servers: [server.url], name: 'far' });
    return {
      near: await createNatsKeyValueStore(near, { create: { replicas: 1 } }),
      far: await createNatsKeyValueStore(far),
      close: async () => {
        await near.close();
        await far.close();
      },
    };
  });
});
