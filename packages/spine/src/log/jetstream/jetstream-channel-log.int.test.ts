import { afterAll, beforeAll, describe } from 'vitest';
import type { LogProfile } from '@arqonbus/protocol';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import { describeChannelLog } from '../channel-log.contract.ts';
import { describeErasing, eraseEverything } from '../erasing/erasing.contract.ts';
import type { ErasableFixture } from '../erasing/erasing.contract.ts';
import { createJetStreamLogEraser } from '../erasing/jetstream-log-eraser.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { LogPlaces } from '../placement/log-places.ts';
import { createJetStreamChannelLog } from './jetstream-channel-log.ts';
import { provisionLogStreams } from './log-streams.ts';

const KEPT = 20;
const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: KEPT,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const profiles = [kept, ...SHIPPED_PROFILES.filter(({ name }) => name === 'state' || name === 'live')];
// Two shards: the tenants of the tests are in either.
const layout = createLogLayout(profiles, [{ pattern: 'state:*', profile: 'state' }], { shards: 2 });

describe.each(natsReleases())('on NATS, %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true, release });
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    // Twice: the second one finds them.
    for (const replicas of [1, 1]) await provisionLogStreams(spine, layout, { replicas, maxBytes: 16_777_216 });
    await spine.close();
  });
  afterAll(() => server.stop());

  const open = async (): Promise<ErasableFixture> => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'shield' });
    const places = new LogPlaces(layout);
    const cutSeqs = new Map<string, number>();
    const erasures = { cutSeqOf: (_: unknown, stream: string): number => cutSeqs.get(stream) ?? 0 };
    const log = await createJetStreamChannelLog(spine, { places, idKey, erasures });
    const eraser = await createJetStreamLogEraser(spine, { places });
    const erase: ErasableFixture['erase'] = async (tenant, what) => {
      const { erased, parts } = await eraseEverything(eraser, tenant, what);
      for (const { stream, cutSeq } of parts) cutSeqs.set(stream, cutSeq);
      return erased;
    };
    return { log, spine, kept: KEPT, erase, close: () => spine.close() };
  };
  describeChannelLog('on JetStream', open);
  describeErasing('on JetStream', open);
});
