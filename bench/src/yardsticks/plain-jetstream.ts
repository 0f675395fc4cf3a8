import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Samples } from '@arqonbus/telemetry';
import { startNatsServer } from '@arqonbus/testkit';
import type { Bus } from '../harness/bus.ts';
import type { AckReport } from '../load/orders.ts';

/** JetStream by itself: what the log can take where nothing else is in the way. */
export interface PlainJetStream {
  /** For its CPU. */
  readonly bus: Bus;
  /** Keeps so many publications unanswered for so long. */
  publish(inFlight: number, ms: number): Promise<AckReport>;
}

/** As many bytes as our envelope has around the payload of 200 that the benchmark publishes. */
const ENTRY_BYTES = 350;
const SUBJECT = 'yardstick.in.acme.talk.ack';
const NANOS_PER_MS = 1_000_000;

/** A NATS server of its own, with a stream like those of the log, and the plain client in this process. */
export async function startPlainJetStream(): Promise<PlainJetStream> {
  const nats = await startNatsServer({ jetstream: true });
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: 'YARDSTICK',
    subjects: ['yardstick.in.>'],
    republish: { src: 'yardstick.in.>', dest: 'yardstick.out.>' },
    max_msgs_per_subject: 500,
    max_age: 86_400_000 * NANOS_PER_MS,
    duplicate_window: 120_000 * NANOS_PER_MS,
  });
  const client = jetstream(connection);
  const data = new Uint8Array(ENTRY_BYTES).fill(120);
  let published = 0;
  const publishOne = async (): Promise<void> => {
    await client.publish(SUBJECT, data, { msgID: `yardstick-${(published += 1)}` });
  };
  return {
    bus: {
      endpoints: [],
      processes: [{ hop: 'nats', pid: nats.pid() }],
      stop: async () => {
        await connection.close();
        await nats.stop();
      },
    },
    publish: (inFlight, ms) => keepInFlight(inFlight, ms, publishOne),
  };
}

async function keepInFlight(inFlight: number, ms: number, publishOne: () => Promise<void>): Promise<AckReport> {
  const latencies = new Samples();
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let acked = 0;
  const publishOn = async (): Promise<void> => {
    while (performance.now() < startedAt + ms) {
      const sentAt = performance.now();
      await publishOne();
      latencies.add(performance.now() - sentAt);
      acked += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, publishOn));
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return {
    acked,
    ms: tookMs,
    idleShare: Math.max(0, 1 - (user + system) / 1_000 / tookMs),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    p999Ms: latencies.percentile(0.999),
  };
}
