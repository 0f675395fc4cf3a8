import type { LogProfile, TenantId } from '@arqonbus/protocol';
import {
  LogPlaces,
  createJetStreamChannelLog,
  createLogLayout,
  createNatsSpine,
  provisionLogStreams,
} from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { MAX_PAGE_BYTES, createSharedReads } from './shared-reads.ts';

const profile: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 500,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([profile]);
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const CLIENTS = 1_000;

describe.each(natsReleases())('a thousand clients in one channel, on NATS, %s', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;

  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true, release });
    spine = await createNatsSpine({ servers: [server.url], name: 'shield' });
    await provisionLogStreams(spine, layout, { replicas: 1, maxBytes: 16_777_216 });
  });

  afterAll(async () => {
    await spine.close();
    await server.stop();
  });

  it('[LOG-10] cost one read of the stream', async () => {
    const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
    const log = await createJetStreamChannelLog(spine, {
      places: new LogPlaces(layout),
      idKey,
    });
    const appends = Array.from({ length: 200 }, (_, n) =>
      log.append({ address, data: new Uint8Array(100), user: 'ada', id: `arq_herd${String(n).padStart(6, '0')}` }),
    );
    const { epoch, seq: upTo } = (await Promise.all(appends)).at(-1) ?? { epoch: '', seq: 0 };
    // Whatever a read asks the stream for goes by its API.
    const asked: string[] = [];
    const watch = spine.connection.subscribe('$JS.API.>', { callback: (_, { subject }) => void asked.push(subject) });
    await spine.flush();
    const reads = createSharedReads({
      log,
      pageMessages: 300,
      pageBytes: MAX_PAGE_BYTES,
      onAnswer: () => undefined,
      monotonicMs: () => 0,
    });
    const channel = { address, epoch, key: 'acme/science:general' } as LocalChannel;
    const all = await Promise.all(Array.from({ length: CLIENTS }, () => reads.after(channel, 50, upTo)));
    for (const entries of all) expect(entries).toHaveLength(150);
    await spine.flush();
    // By a consumer, or by a batch where there are batches.
    expect(asked.filter((subject) => /^\$JS\.API\.(CONSUMER\.CREATE|DIRECT\.GET)\./.test(subject))).toHaveLength(1);
    watch.unsubscribe();
  });
});
