import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import { createJetStreamChannelLog } from '../jetstream/jetstream-channel-log.ts';
import { provisionLogStreams } from '../jetstream/log-streams.ts';
import { oneGeneration } from '../jetstream/stream-generations.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { LogPlaces } from '../placement/log-places.ts';
import { createJetStreamLogFeed } from './jetstream-log-feed.ts';
import { describeLogFeed } from './log-feed.contract.ts';

const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
const profiles = [
  ...SHIPPED_PROFILES.filter(({ name }) => name !== 'durable'),
  { name: 'kept', logClass: 'history', maxMessages: 20, maxAgeMs: 60_000, maxBytes: 1_048_576, archive: true },
] as const;
const layout = createLogLayout(profiles, [{ pattern: 'kept:*', profile: 'kept' }]);

describe.each(natsReleases())('on NATS, %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true, release });
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    await provisionLogStreams(spine, layout, { replicas: 1, maxBytes: 16_777_216 });
    await spine.close();
  });
  afterAll(() => server.stop());

  describeLogFeed('JetStream', async () => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'both' });
    const places = new LogPlaces(layout);
    const log = await createJetStreamChannelLog(spine, { places, idKey });
    const feed = await createJetStreamLogFeed(spine, { places, generations: oneGeneration });
    return { log, feed, close: () => spine.close() };
  });
});
