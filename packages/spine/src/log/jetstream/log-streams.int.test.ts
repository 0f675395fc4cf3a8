import { jetstreamManager } from '@nats-io/jetstream';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { createLogStreams, provisionLogStreams } from './log-streams.ts';
import type { StreamState } from './log-streams.ts';

const layout = createLogLayout(SHIPPED_PROFILES);

describe.each(natsReleases())('streams of the log on NATS, %s', (release) => {
  let server: NatsServer;
  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true, release });
  });
  afterEach(() => server.stop());

  const provision = async (maxBytes: number): Promise<StreamState | undefined> => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    const streams = await createLogStreams(spine, { replicas: 1, maxBytes });
    await streams.provision(layout);
    const state = await streams.state('LOG_default_0');
    await spine.close();
    return state;
  };

  it('[LOG-4] stay the same ones, however often Brains start and NATS is killed', async () => {
    const before = await provision(1_048_576);
    expect(before?.created).toMatch(/^\d{4}-/);
    await provision(1_048_576);
    await server.kill();
    await server.restart();
    expect(await provision(1_048_576)).toEqual(before);
  });

  it('[LOG-2] of durable channels lie on servers with the tags that say that they fsync every write', async () => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    const options = { replicas: 1, maxBytes: 1_048_576, durableTags: ['fsync:always'] };
    // Tagged servers are those of a cluster; one by itself keeps everything.
    await provisionLogStreams(spine, layout, options);
    const { streams } = await jetstreamManager(spine.connection);
    expect((await streams.info('LOG_durable_0')).config.placement).toEqual({ tags: ['fsync:always'] });
    expect((await streams.info('LOG_default_0')).config.placement).toBeUndefined();
    await spine.close();
  });

  it('[LOG-2] are brought up to what is configured', async () => {
    await provision(1_048_576);
    await provision(2_097_152);
    await server.restart();
    const spine = await createNatsSpine({ servers: [server.url], name: 'test' });
    const { config } = await (await jetstreamManager(spine.connection)).streams.info('LOG_default_0');
    expect(config.max_bytes).toBe(2_097_152);
    await spine.close();
  });
});
