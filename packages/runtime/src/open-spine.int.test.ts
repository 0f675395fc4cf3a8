import { parseConfig } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import type { TenantId } from '@arqonbus/protocol';
import { createLogger } from '@arqonbus/telemetry';
import { LogStreamRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import {
  BUCKETS,
  LOG_LAYOUTS_KEY,
  createNatsKeyValueStore,
  createNatsSpine,
  encodeLayouts,
  logStreamKey,
  streamsOf,
} from '@arqonbus/spine';
import type { BucketName } from '@arqonbus/spine';
import { natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { layoutOf } from './open-nats-log.ts';
import { SHIELD_BUCKETS, openLocalSpine, openNatsSpine } from './open-spine.ts';
import type { SpineParts } from './open-spine.ts';

const users = shippedNatsConfig();
const lines: string[] = [];
const logger = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
const never = new AbortController().signal;

function configOf(env: Readonly<Record<string, string>>): Config {
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** What a Brain that looks after the log does first. */
async function layOut({ streams, keyValue }: SpineParts): Promise<void> {
  const layout = layoutOf(configOf({}));
  const bucket = keyValue.bucket('ARQON_LOG');
  await streams.provision(layout);
  for (const { stream } of streamsOf(layout)) {
    const record = create(LogStreamRecordSchema, { generation: 'first' });
    await bucket.create(logStreamKey(stream), toBinary(LogStreamRecordSchema, record));
  }
  await bucket.create(LOG_LAYOUTS_KEY, encodeLayouts([{ ...layout, generation: 1 }]));
}

async function versionOf(url: string): Promise<string> {
  const spine = await createNatsSpine({ servers: [url], name: 'test' });
  const version = spine.connection.info?.version ?? '';
  await spine.close();
  return version;
}

describe('the Spine of a process', () => {
  let server: NatsServer;
  const opened: SpineParts[] = [];
  const open = async (service: 'shield' | 'brain', signal = never): Promise<SpineParts> => {
    const log = { ARQONBUS_LOG_ID_KEY: 'f3b1c0d2e4a59687f3b1c0d2e4a59687', ARQONBUS_LOG_STREAM_MAX_BYTES: '16777216' };
    const env = { ARQONBUS_NATS_URL: server.url, ...log, ...users.env(service) };
    const parts = await openNatsSpine(configOf(env), service, logger, signal);
    opened.push(parts);
    return parts;
  };

  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true, config: users.config });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ spine }) => spine.close()));
    await server.stop();
  });

  it('[ARC-12] has the same parts in one process and on NATS, so that nothing after it knows which', async () => {
    const local = openLocalSpine(configOf({}), logger);
    await layOut(await open('brain'));
    const onNats = await open('shield');
    expect(Object.keys(onNats).toSorted()).toEqual(Object.keys(local).toSorted());
    for (const { spine, keyValue } of [local, onNats]) {
      expect(spine.status()).toBe('connected');
      expect(await keyValue.bucket('ARQON_BANS').list('')).toEqual([]);
    }
    const address = { tenant: 'acme' as TenantId, room: 'lab', channel: 'bench' };
    for (const { log, profileOf } of [local, onNats]) {
      expect(profileOf('lab', 'bench').logClass).toBe('history');
      expect(await log.position(address)).toMatchObject({ firstSeq: 0, lastSeq: 0 });
    }
    await local.spine.close();
  });

  it('[SPN-2] O-13: a Shield makes no bucket; it waits for the Brain to have made them', async () => {
    lines.length = 0;
    let isOpen = false;
    const shield = open('shield').then((parts) => {
      isOpen = true;
      return parts;
    });
    await vi.waitFor(() => expect(lines.join('')).toContain('waiting_for_spine'));
    expect(isOpen).toBe(false);
    const brain = await open('brain');
    expect(isOpen).toBe(false);
    await layOut(brain);
    const { keyValue } = await shield;
    expect(await keyValue.bucket('ARQON_BANS').list('')).toEqual([]);
    expect(() => keyValue.bucket('ARQON_BRAINS')).toThrow('no such bucket');
  });

  it('[SPN-2] a Shield reads no bucket but its own, whatever buckets there come to be', async () => {
    await layOut(await open('brain'));
    const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: password = '' } = users.env('shield');
    const inboxPrefix = '_INBOX_shield';
    const spine = await createNatsSpine({ servers: [server.url], name: 'shield', user, password, inboxPrefix });
    const isReadable = async (bucket: BucketName): Promise<boolean> => {
      const opening = createNatsKeyValueStore(spine, { buckets: [bucket], timeoutMs: 500 });
      return opening.then(
        () => true,
        () => false,
      );
    };
    const readable = await Promise.all(BUCKETS.map(isReadable));
    expect(BUCKETS.filter((_, n) => readable[n])).toEqual(SHIELD_BUCKETS);
    await spine.close();
  });

  it('[LOG-2] [LOG-5] what one Shield appends, another one reads; the same id is stored once', async () => {
    await layOut(await open('brain'));
    const [near, far] = [await open('shield'), await open('shield')];
    const address = { tenant: 'acme' as TenantId, room: 'lab', channel: 'bench' };
    const append = { address, data: new TextEncoder().encode('hello'), user: 'ada', id: 'arq_0000000001' };
    const first = await near.log.append(append);
    expect(await far.log.append(append)).toEqual({ ...first, duplicate: true });
    const entries = await far.log.read(address, { limit: 10 });
    expect(entries.map(({ seq, data }) => [seq, new TextDecoder().decode(data)])).toEqual([[first.seq, 'hello']]);
    // Rights to take anything out of the log are nobody's but the Brain's, one day (LOG-15).
    await expect(near.log.trim(address, 100)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[DPL-3] a process that is told to end does not wait for a Spine any more', async () => {
    await server.kill();
    const stopping = new AbortController();
    const opening = open('shield', stopping.signal);
    stopping.abort(new Error('told to end'));
    await expect(opening).rejects.toThrow('told to end');
  });

  it('[LOG-2] [CFG-4] durable channels are refused at the start where NATS cannot keep them, and taken where it can', async () => {
    const rules = { ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: 'orders:*', profile: 'durable' }]) };
    for (const release of natsReleases()) {
      const nats = await startNatsServer({ jetstream: true, release });
      const env = { ARQONBUS_NATS_URL: nats.url, ...rules, ARQONBUS_LOG_STREAM_MAX_BYTES: '16777216' };
      const open = async (more = {}): Promise<string> => {
        const opening = openNatsSpine(configOf({ ...env, ...more }), 'brain', logger, never);
        return opening.then(
          ({ spine }) => spine.close().then(() => 'open'),
          (error: unknown) => String(error),
        );
      };
      const old = release === 'packaged' && (await versionOf(nats.url)).startsWith('2.9.');
      expect(await open()).toMatch(
        old ? /NATS 2\.9\.\d+ cannot keep durable channels.*2\.12\.12.*Update NATS/ : /^open$/,
      );
      expect(await open({ ARQONBUS_LOG_DURABLE_ON_ANY_NATS: 'true' })).toBe('open');
      await nats.stop();
    }
  });

  it('[PRT-28] NATS that takes smaller messages than clients may send is refused at once', async () => {
    const small = await startNatsServer({ jetstream: true, config: 'max_payload: 65536' });
    const config = configOf({ ARQONBUS_NATS_URL: small.url });
    await expect(openNatsSpine(config, 'brain', logger, never)).rejects.toThrow(/65536 bytes.*max_payload.*131072/);
    await small.stop();
  });
});
