import { createNatsKeyValueStore, createNatsSpine } from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeBrainRing } from './brain-ring.contract.ts';

describe.each(natsReleases())('NATS %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => void (server = await startNatsServer({ release, jetstream: true })));
  afterAll(() => server.stop());

  const connect = (name: string): Promise<NatsSpine> => createNatsSpine({ servers: [server.url], name });

  describeBrainRing('in NATS', async () => {
    const spines = [await connect('near'), await connect('far')] as const;
    const [near, far] = [
      await createNatsKeyValueStore(spines[0], { create: { replicas: 1 } }),
      await createNatsKeyValueStore(spines[1], { create: { replicas: 1 } }),
    ];
    const close = async (): Promise<void> => void (await Promise.all(spines.map((spine) => spine.close())));
    return { near, far, close };
  });
});
