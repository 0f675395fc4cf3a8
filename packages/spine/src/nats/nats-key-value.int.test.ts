import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { describeKeyValue } from '../key-value/key-value.contract.ts';
import { BUCKET_TTL_MS } from '../key-value/key-value.ts';
import { BUCKETS, createNatsKeyValueStore } from './nats-key-value.ts';
import { createNatsSpine } from './nats-spine.ts';

describe.each(natsReleases())('NATS %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => void (server = await startNatsServer({ release, jetstream: true })));
  afterAll(() => server.stop());

  it('[PRT-7] resumes are forgotten by NATS itself once no token can name them; nothing else is', async () => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'ageing' });
    await createNatsKeyValueStore(spine, { create: { replicas: 1 } });
    const manager = await jetstreamManager(spine.connection);
    const ages: [string, number][] = [];
    for (const name of BUCKETS) {
      const { config } = await manager.streams.info(`KV_${name}`);
      if (config.max_age > 0) ages.push([name, config.max_age / 1_000_000]);
    }
    expect(ages).toEqual([['ARQON_RESUMES', BUCKET_TTL_MS.ARQON_RESUMES]]);
    await spine.close();
  });

  it('[SPN-6] a Spine that closes ends its watches, and reports none of them as lost', async () => {
    const reported: unknown[] = [];
    const spine = await createNatsSpine({ servers: [server.url], name: 'closing' });
    const store = await createNatsKeyValueStore(spine, {
      create: { replicas: 1 },
      onError: (error) => reported.push(error),
    });
    const watches = BUCKETS.map((name) => store.bucket(name).watch('', () => undefined));
    await Promise.all(watches.map(({ ready }) => ready));
    await spine.close();
    expect(watches.map((watch) => watch.isCurrent())).toEqual(BUCKETS.map(() => false));
    expect(reported).toEqual([]);
  });

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
