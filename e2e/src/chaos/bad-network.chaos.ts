import { lossRefusal, startChaosProxy, startLoss } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectJson } from '../harness/json-client.ts';
import { roomyLimits } from '../harness/roomy-limits.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';
import { followClient } from '../faults/harness/followed-client.ts';
import type { FollowedClient } from '../faults/harness/followed-client.ts';
import { countCodes, p99, startLoad } from '../faults/harness/load.ts';
import type { Outcome } from '../faults/harness/load.ts';
import { report } from '../faults/harness/report.ts';

const READERS = 10;
const PUBLICATIONS = 300;
/** 1 Mbit/s. */
const NARROW_BYTES_PER_SECOND = 125_000;
const EVERY_MS = 20;
/** With this each link is asked to carry a tenth more than it can. */
const tooMuch = 'x'.repeat((NARROW_BYTES_PER_SECOND * EVERY_MS * 1.1) / 1_000);

let bus: Bus;

beforeAll(async () => {
  bus = await startBus(roomyLimits);
});

afterAll(() => bus.stop());

/** Each over a link of its own to this port, and all in the channel. */
async function gather(port: number, channel: string): Promise<readonly FollowedClient[]> {
  const clients: FollowedClient[] = [];
  for (let n = 0; n <= READERS; n++) {
    const token = await bus.token({ user: `user-${n}` });
    clients.push(followClient(await connectJson({ port, token, answerPings: true })));
  }
  for (const client of clients) await client.must('join_channel', { room: 'network', channel });
  return clients;
}

/** Publishes over such a network, once `harm` has made it one; everything is answered well and comes to all once and in order. */
async function expectEndured(
  channel: string,
  port: number,
  text: string,
  harm: () => () => void,
): Promise<readonly Outcome[]> {
  const clients = await gather(port, channel);
  const [writer, ...readers] = clients as [FollowedClient, ...FollowedClient[]];
  const refusedBefore = await refusals();
  const mend = harm();
  let outcomes: readonly Outcome[];
  try {
    const load = startLoad(EVERY_MS, (n) => writer.publish(`network:${channel}`, { n, text }));
    await expect.poll(() => load.outcomes.length, { timeout: 120_000 }).toBeGreaterThanOrEqual(PUBLICATIONS);
    outcomes = await load.stop();
    expect(countCodes(outcomes)).toEqual({ ok: outcomes.length });
    for (const reader of readers) {
      await expect.poll(() => reader.events.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(outcomes.length);
      expect(reader.events.map(({ payload }) => payload['n'])).toEqual(outcomes.map(({ n }) => n));
      expect([reader.systems, reader.isClosed()]).toEqual([[], false]);
    }
  } finally {
    mend();
  }
  expect(await refusals()).toEqual(refusedBefore);
  expect(clients.flatMap(({ strays }) => strays)).toEqual([]);
  for (const client of clients) client.end();
  return outcomes;
}

/** What the bus has refused or ended for what it was sent. */
async function refusals(): Promise<readonly string[]> {
  const [metrics = ''] = await bus.scrapes();
  const names = /^arqonbus_(messages_refused|commands_refused|connections_closed|connections_refused)_total.* [1-9]/;
  return metrics.split('\n').filter((line) => names.test(line));
}

function waits(outcomes: readonly Outcome[]): readonly number[] {
  return outcomes.map(({ tookMs }) => tookMs);
}

// The filter of the system and not a proxy: what is lost are packets, and TCP has to bring them.
const refusal = lossRefusal();
if (refusal !== undefined) process.stderr.write(`Packet loss is left out: ${refusal}\n`);

test.skipIf(refusal !== undefined).each([0.01, 0.05, 0.2])(
  '[PRD-3] [LOG-3] R-34: of all packets %f are lost: every publish is taken, comes to all once and in order, and is only later',
  async (share) => {
    const outcomes = await expectEndured(`loss-${share * 100}`, bus.port, '', () => startLoss(bus.port, share).mend);
    expect(outcomes.length).toBeGreaterThanOrEqual(PUBLICATIONS);
    report(`${share * 100} % of packets lost`, { p99: p99(waits(outcomes)), max: Math.max(...waits(outcomes)) });
  },
  300_000,
);

test('[PRD-3] [LOG-3] R-34: over links of 1 Mbit/s every publish is taken, and comes to all once and in order', async () => {
  const proxy = await startChaosProxy({ targetPort: bus.port });
  try {
    const outcomes = await expectEndured('narrow', proxy.port, tooMuch, () => {
      proxy.set({ bytesPerSecond: NARROW_BYTES_PER_SECOND });
      return proxy.clear;
    });
    expect(outcomes.length).toBeGreaterThanOrEqual(PUBLICATIONS);
    report('1 Mbit/s', { p99: p99(waits(outcomes)), max: Math.max(...waits(outcomes)) });
  } finally {
    await proxy.stop();
  }
}, 300_000);
