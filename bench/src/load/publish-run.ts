import type { LoadClient } from './load-client.ts';
import type { PublishOrder, PublishReport } from './orders.ts';
import { Samples } from '@arqonbus/telemetry';
import { readTime } from './stamp.ts';
import { TurnFrames } from './turn-frames.ts';
import { waitUntil } from './wait-until.ts';

const SETTLE_TIMEOUT_MS = 5_000;

let number = 0;

/** Publishes as ordered, waits until the server has taken everything and the receivers have what they should, and counts. */
export async function publishRun(
  order: PublishOrder,
  publishers: readonly LoadClient[],
  receivers: readonly LoadClient[],
): Promise<PublishReport> {
  const latencies = new Samples();
  if (order.measuresLatency) watchLatency(receivers, latencies);
  const before = countReceived(receivers);
  const refusals = watchRefusals(publishers);
  const pongsBefore = publishers.map(({ pongs }) => pongs);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const sent = await sendTurns(order, publishers);
  for (const publisher of publishers) publisher.sendPing();
  const delivered = (): number => countReceived(receivers).frames - before.frames;
  const isSettled = (): boolean =>
    delivered() >= sent * order.deliveriesPerMessage &&
    publishers.every(({ pongs }, index) => pongs > (pongsBefore[index] ?? 0));
  await waitUntil(isSettled, SETTLE_TIMEOUT_MS);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const client of [...publishers, ...receivers]) client.observer = undefined;
  if (refusals.count > 0)
    throw new Error(`${refusals.count} of ${sent} messages were answered, which only refusals are: ${refusals.first}`);
  return {
    sent,
    delivered: delivered(),
    deliveredBytes: countReceived(receivers).bytes - before.bytes,
    ms,
    idleShare: Math.max(0, 1 - (user + system) / 1_000 / ms),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    p999Ms: latencies.percentile(0.999),
  };
}

function sendTurns(order: PublishOrder, publishers: readonly LoadClient[]): Promise<number> {
  const { turns, turnEveryMs, keepsRate } = order;
  const sendTurn = createTurnSender(order, publishers);
  return new Promise((resolve) => {
    let done = 0;
    let sent = 0;
    let dueAt = performance.now();
    const step = (): void => {
      do {
        sent += sendTurn();
        done += 1;
        dueAt = keepsRate ? dueAt + turnEveryMs : performance.now() + turnEveryMs;
      } while (done < turns && performance.now() >= dueAt);
      if (done < turns) setTimeout(step, dueAt - performance.now());
      else resolve(sent);
    };
    step();
  });
}

/** Gives a function that sends one turn and tells how many messages that were. */
function createTurnSender(order: PublishOrder, publishers: readonly LoadClient[]): () => number {
  const { payloads, isBinary, messagesPerTurn, publishersPerTurn } = order;
  const frames = publishers.map((_, index) => {
    const payload = Buffer.from(payloads[index % payloads.length] ?? '', 'base64');
    return new TurnFrames(payload, isBinary, messagesPerTurn);
  });
  let next = 0;
  return () => {
    const micros = Math.round(performance.now() * 1_000);
    for (let i = 0; i < publishersPerTurn; i += 1) {
      publishers[next]?.send(frames[next]?.stamp(number, micros) ?? Buffer.alloc(0));
      number += messagesPerTurn;
      next = (next + 1) % publishers.length;
    }
    return publishersPerTurn * messagesPerTurn;
  };
}

/** Publishers hear nothing but refusals: who has joined the channel did so without echo. */
function watchRefusals(publishers: readonly LoadClient[]): { count: number; first: string } {
  const refusals = { count: 0, first: '' };
  for (const publisher of publishers) {
    publisher.observer = (bytes, start, end) => {
      refusals.count += 1;
      if (refusals.first === '') refusals.first = bytes.toString('latin1', start, Math.min(end, start + 400));
    };
  }
  return refusals;
}

function watchLatency(receivers: readonly LoadClient[], latencies: Samples): void {
  for (const receiver of receivers) {
    receiver.observer = (bytes, start, end) => {
      const micros = readTime(bytes, start, end);
      if (micros >= 0) latencies.add(performance.now() - micros / 1_000);
    };
  }
}

function countReceived(clients: readonly LoadClient[]): { readonly frames: number; readonly bytes: number } {
  let frames = 0;
  let bytes = 0;
  for (const client of clients) {
    if (client.isClosed) throw new Error('the server closed a connection under load');
    frames += client.frames;
    bytes += client.wireBytes;
  }
  return { frames, bytes };
}
