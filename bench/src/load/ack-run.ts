import { dialects } from './dialects.ts';
import type { LoadClient } from './load-client.ts';
import type { AckOrder, AckReport } from './orders.ts';
import { Samples } from '@arqonbus/telemetry';
import { readCounter } from './stamp.ts';
import { TurnFrames } from './turn-frames.ts';
import { waitUntil } from './wait-until.ts';

const ANSWER_TIMEOUT_MS = 5_000;

let number = 0;

/** Keeps so many messages unanswered for so long, then waits for the last answers. Throws on a refusal, and where one is missing. */
export async function ackRun(order: AckOrder, client: LoadClient): Promise<AckReport> {
  const latencies = new Samples();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const acked = await exchange(order, client, latencies, startedAt + order.ms);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    acked,
    ms,
    idleShare: Math.max(0, 1 - (user + system) / 1_000 / ms),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    p999Ms: latencies.percentile(0.999),
  };
}

async function exchange(order: AckOrder, client: LoadClient, latencies: Samples, endsAt: number): Promise<number> {
  const frame = new TurnFrames(Buffer.from(order.payload, 'base64'), order.isBinary, 1);
  const { judge } = dialects[order.dialect];
  const sentAt = new Map<number, number>();
  let acked = 0;
  let problem: string | undefined;
  const send = (): void => {
    const now = performance.now();
    number += 1;
    sentAt.set(number, now);
    client.send(frame.stamp(number, Math.round(now * 1_000)));
  };
  let resting = 0;
  const rest = (ms: number): void => {
    resting += 1;
    setTimeout(() => {
      resting -= 1;
      // What is sent after the end would be answered in the next run.
      if (performance.now() < endsAt) send();
    }, ms);
  };
  client.observer = (bytes, start, end) => {
    const now = performance.now();
    const answered = readCounter(bytes, start, end);
    const since = sentAt.get(answered);
    if (since === undefined) problem ??= `no answer to one of ours: ${bytes.toString('latin1', start, end)}`;
    else latencies.add(now - since);
    sentAt.delete(answered);
    acked += 1;
    problem ??= judge(Buffer.from(bytes.subarray(start, end)));
    if (now >= endsAt || problem !== undefined) return;
    if (order.restMs === undefined) send();
    else rest(order.restMs);
  };
  for (let i = 0; i < order.inFlight; i += 1) send();
  const isDone = (): boolean =>
    (sentAt.size + resting === 0 && performance.now() >= endsAt) || problem !== undefined || client.isClosed;
  await waitUntil(isDone, order.ms + ANSWER_TIMEOUT_MS);
  client.observer = undefined;
  if (problem !== undefined) throw new Error(problem);
  if (sentAt.size > 0) throw new Error(`${sentAt.size} messages were never acknowledged`);
  return acked;
}
