import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import {
  LogPlaces,
  createJetStreamChannelLog,
  createLogLayout,
  createLocalSpine,
  createLogRules,
  createMemoryChannelLog,
  createNatsSpine,
  provisionLogStreams,
} from '@arqonbus/spine';
import type { ChannelLog } from '@arqonbus/spine';
import { startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDeliveryRig } from '../delivery/delivery-rig.ts';
import { createLongReads } from '../limits/long-reads.ts';
import { createTestSession } from '../session/session-rig.ts';
import { createReplays } from './replays.ts';
import type { Replayed } from './replays.ts';

const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 20,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([kept]);
const profileOf = createLogRules([kept], []);
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const startMs = Date.now();
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: true });
});

afterAll(() => server.stop());

/** More than are kept, a second of ingress apart, one out of order. */
async function fill(log: ChannelLog): Promise<void> {
  for (let n = 0; n < 30; n++) {
    const id = `arq_adapter${String(n).padStart(4, '0')}`;
    const timestampMs = startMs - 30_000 + (n === 25 ? 10 : n) * 1_000;
    const payload = new TextEncoder().encode(JSON.stringify({ n }));
    const envelope = { ...createEnvelope('event'), id, sender: `n0_${n % 3}`, timestampMs, payload };
    await log.append({ address, data: encodeProtoEnvelope(envelope), user: 'alice', id });
  }
}

async function replayAll(log: ChannelLog): Promise<readonly Replayed[]> {
  const { limits, send } = createDeliveryRig({ outboundBufferBytes: 1_000_000 }).parts;
  const replays = createReplays({
    openLog: async () => ({ log, isIncomplete: () => false, earlierEpoch: async () => undefined }),
    profileOf,
    send,
    limits,
    longReads: createLongReads(),
    onMalformed: () => undefined,
    monotonicMs: () => 0,
    pause: () => Promise.resolve(),
  });
  const told: Replayed[] = [];
  for (const [fromSec, toSec] of [
    [0, 100],
    [15, 20],
    [10, 11],
    [0, 5],
  ] as const) {
    const window = {
      fromSeq: 1,
      toSeq: Number.MAX_SAFE_INTEGER - 1,
      fromMs: startMs - 30_000 + fromSec * 1_000,
      toMs: startMs - 30_000 + toSec * 1_000,
    };
    const order = { address, window, speed: undefined, isStrict: true, isCausal: false };
    told.push(await replays.run(createTestSession().session, 'arq_replay0001', order));
  }
  return told;
}

it('[LOG-14] a replay from JetStream is the same as one from memory: publications, hash, gaps', async () => {
  const local = createLocalSpine();
  const memory = createMemoryChannelLog({
    spine: local,
    profileOf,
    now: Date.now,
    random: (bytes) => void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
  });
  const spine = await createNatsSpine({ servers: [server.url], name: 'shield' });
  await provisionLogStreams(spine, layout, { replicas: 1, maxBytes: 16_777_216 });
  const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
  const jetStream = await createJetStreamChannelLog(spine, { places: new LogPlaces(layout), idKey });
  for (const log of [memory, jetStream]) await fill(log);
  const [fromMemory, fromJetStream] = [await replayAll(memory), await replayAll(jetStream)];
  expect(fromMemory.map(({ count }) => count)).toEqual([20, 5, 2, 0]);
  const withoutEpoch = (all: readonly Replayed[]): object[] => all.map((told) => ({ ...told, epoch: '' }));
  expect(withoutEpoch(fromJetStream)).toEqual(withoutEpoch(fromMemory));
  expect(fromMemory[0]?.gaps).toHaveLength(1);
  await spine.close();
  await local.close();
});
