import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer, NatsUser } from '@arqonbus/testkit';
import { createNatsSpine } from '../nats/nats-spine.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { describeEpisodeStream } from './episode-stream.contract.ts';
import { EPISODE_STREAM, provisionEpisodeStream } from './episode-streams.ts';
import { createJetStreamEpisodeStream } from './jetstream-episode-stream.ts';

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
    // Twice: the second one finds it.
    for (const replicas of [1, 1]) {
      await provisionEpisodeStream(spine, { replicas, maxBytes: 1_048_576, maxAgeMs: 600_000 });
    }
  });

  afterAll(async () => {
    await spine.close();
    await server.stop();
  });

  describeEpisodeStream('on JetStream', async () => {
    const far = await connectAs('brain');
    const options = { ackWaitMs: 1_000 };
    return {
      near: await createJetStreamEpisodeStream(spine, options),
      far: await createJetStreamEpisodeStream(far, options),
      close: () => far.close(),
    };
  });

  it('[SPN-2] a Shield adds events, and can do nothing else with them', async () => {
    const shield = await connectAs('shield');
    const stream = await createJetStreamEpisodeStream(shield, { timeoutMs: 1_000 });
    await stream.add({ tenant: acme, id: 'arq_0000000001', data: new Uint8Array(9) });
    const never = { maxInHand: 1, onItem: () => undefined, onEnded: () => undefined };
    await expect(stream.take(never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(stream.read(acme, { afterSeq: 0, limit: 1, maxBytes: 9 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(stream.backlog()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await shield.close();
  });

  it('[CTM-4] [PRD-5] a full stream gives up the oldest, and refuses nobody', async () => {
    const stream = await createJetStreamEpisodeStream(spine);
    for (let n = 0; n < 12; n += 1) {
      await stream.add({ tenant: acme, id: `e_${n}`, data: new Uint8Array(131_072) });
    }
    const { events } = await stream.read(acme, { afterSeq: 0, limit: 99, maxBytes: 9_999_999 });
    expect(events.length).toBeLessThan(12);
    expect(events.length).toBeGreaterThan(3);
  });
});

describe('without its stream', () => {
  it('[CTM-1] nothing is added, and that is told', async () => {
    const server = await startNatsServer({ jetstream: true });
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    const stream = await createJetStreamEpisodeStream(spine);
    const add = stream.add({ tenant: acme, id: 'e_1', data: new Uint8Array(1) });
    await expect(add).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect((await jetstreamManager(spine.connection)).streams.info(EPISODE_STREAM)).rejects.toThrow(
      'stream not found',
    );
    await spine.close();
    await server.stop();
  });
});
