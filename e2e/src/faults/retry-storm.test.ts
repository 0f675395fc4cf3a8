import { SHIPPED_RULES } from '@arqonbus/config';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { joinAll } from './harness/join-all.ts';
import { countCodes } from './harness/load.ts';
import { createNatsSpy } from './harness/nats-spy.ts';
import { report } from './harness/report.ts';
import { residentBytes } from './harness/resident-bytes.ts';

const [NEAR, CUT] = [0, 1];
const PUBLICATIONS = 10_000;
/** What a Shield may grow by meanwhile, with what its collector has not got to. */
const MAX_GROWN_BYTES = 134_217_728;
const AT_ONCE = 250;
const MAX_AMPLIFICATION = 1.1;

let bus: FaultCluster;
let sent = 0;

beforeAll(async () => {
  bus = await startFaultCluster({
    ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES),
    ARQONBUS_NATS_PING_INTERVAL_MS: '500',
  });
});

afterAll(async () => {
  bus.spineProxy.heal();
  await bus.stop();
});

/** From now on all that the Shield sends to the log is counted. */
async function watchSpine(): Promise<void> {
  const spy = createNatsSpy((subject) => {
    if (subject.startsWith('arqon.in.')) sent += 1;
  });
  const links = bus.spineProxy.accepted();
  bus.spineProxy.tap(spy.onLink);
  bus.spineProxy.reset();
  // Until it has noticed, the Shield is as ready as before.
  await expect.poll(() => bus.spineProxy.accepted(), { timeout: 20_000 }).toBeGreaterThan(links);
  await untilReady();
}

async function untilReady(): Promise<void> {
  const isReady = async (): Promise<boolean> => (await bus.health(CUT, 'ready')).code === 200;
  await expect.poll(isReady, { timeout: 20_000 }).toBe(true);
}

/** Publishes all of these at once; gives those that were not acknowledged, by how they were answered. */
async function publishAll(
  writer: FollowedClient,
  channel: string,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const refused = new Map<number, string>();
  const publish = async (n: number): Promise<void> => {
    const { code } = await writer.publish(`storm:${channel}`, n, {
      id: `arq_${channel}-${String(n).padStart(8, '0')}`,
    });
    if (code !== 'ok') refused.set(n, code);
  };
  await Promise.all(numbers.map(publish));
  return refused;
}

test.each([
  ['is gone', 'gone', () => bus.spineProxy.cut()],
  ['says nothing any more', 'silent', () => bus.spineProxy.blackhole()],
])(
  '[SPN-8] [LOG-5] [LOG-7] L-10: 10,000 publications while the Spine %s are answered, kept nowhere, and sent once for each time that a client asks',
  async (_, channel, harm) => {
    await watchSpine();
    const target = { room: 'storm', channel };
    const [reader, writer] = [await bus.connect(NEAR, { user: 'reader' }), await bus.connect(CUT, { user: 'writer' })];
    await joinAll([reader, writer], target);
    const pid = bus.shields[CUT]?.pid ?? 0;
    const [before, sentBefore] = [residentBytes(pid), sent];
    harm();
    const all = Array.from({ length: PUBLICATIONS }, (__, n) => n);
    const refused = await publishAll(writer, channel, all);
    const grownBytes = residentBytes(pid) - before;
    bus.spineProxy.heal();
    await untilReady();
    const sentAlone = sent - sentBefore;
    /** What may have been sent: all but what was refused for not being. */
    let sendable = 0;
    const rounds = [refused];
    // A Shield that is back may not have found its log yet; as many at once as it answers in time on any machine.
    const isOver = performance.now() + 60_000;
    for (let open = [...refused.keys()]; open.length > 0 && performance.now() < isOver;) {
      const round = await publishAll(writer, channel, open.slice(0, AT_ONCE));
      rounds.push(round);
      open = [...round.keys(), ...open.slice(AT_ONCE)];
    }
    for (const round of rounds) sendable += [...round.values()].filter((code) => code !== 'UNAVAILABLE').length;
    sendable += PUBLICATIONS;
    const codes = countCodes([...refused.values()].map((code) => ({ code })));
    report('10,000 publications without a Spine', {
      ...codes,
      'sent by itself': sentAlone,
      sent: sent - sentBefore,
      'may be sent': sendable,
      'grown MiB': grownBytes / 1_048_576,
    });
    expect(Object.keys(codes).filter((code) => code !== 'UNAVAILABLE' && code !== 'TIMEOUT')).toEqual([]);
    expect(sent - sentBefore).toBeLessThanOrEqual(sendable * MAX_AMPLIFICATION);
    expect(grownBytes).toBeLessThan(MAX_GROWN_BYTES);
    await expect.poll(() => reader.events.length, { timeout: 20_000 }).toBe(PUBLICATIONS);
    expect(new Set(reader.events.map(({ payload }) => Number(payload))).size).toBe(PUBLICATIONS);
    for (const client of [reader, writer]) client.end();
  },
  120_000,
);
