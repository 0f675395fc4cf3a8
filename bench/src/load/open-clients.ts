import { dialects } from './dialects.ts';
import type { ConnectionPlan, Dialect } from './dialects.ts';
import { LoadClient } from './load-client.ts';
import type { OpenOrder, OpenReport } from './orders.ts';
import { Samples } from '@arqonbus/telemetry';

const OPEN_TIMEOUT_MS = 30_000;

/**
 * Opens all connections of an order, a bounded number at a time, and waits until each has joined what it should. A
 * connection that is refused, or cut right after, is counted and opened again. Gives them in the order of the plans.
 */
export async function openClients(order: OpenOrder): Promise<{ clients: LoadClient[]; report: OpenReport }> {
  const times = new Samples();
  const slots: (LoadClient | undefined)[] = Array.from({ length: order.count }, () => undefined);
  const startedAt = performance.now();
  let cut = 0;
  let ms = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await openMissing(order, slots, times);
    if (round === 0) ms = performance.now() - startedAt;
    await pause(REST_MS);
    const clients = slots.filter((client): client is LoadClient => client?.isClosed === false);
    const report = { ms, cut, p50Ms: times.percentile(0.5), p99Ms: times.percentile(0.99) };
    if (clients.length === order.count) return { clients, report };
    cut += order.count - clients.length;
  }
  throw new Error(`not all of ${order.count} connections stayed open: ${lastProblem}`);
}

const MAX_ROUNDS = 5;
const REST_MS = 50;
let lastProblem = 'they were closed by the server';

async function openMissing(order: OpenOrder, slots: (LoadClient | undefined)[], times: Samples): Promise<void> {
  const dialect = dialects[order.dialect];
  let next = 0;
  const openNext = async (): Promise<void> => {
    while (next < order.count) {
      const index = next++;
      if (slots[index]?.isClosed === false) continue;
      const openedAt = performance.now();
      slots[index] = await openClient(order.port, dialect, planOf(order, index)).catch(noteProblem);
      times.add(performance.now() - openedAt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(order.maxInFlight, order.count) }, openNext));
}

function noteProblem(error: unknown): undefined {
  lastProblem = error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function planOf({ tokens, joins, publishes }: OpenOrder, index: number): ConnectionPlan {
  return {
    token: tokens[index % tokens.length] ?? '',
    joins: joins[index % joins.length] ?? [],
    publishes: publishes[index % publishes.length] ?? '',
  };
}

function openClient(port: number, dialect: Dialect, plan: ConnectionPlan): Promise<LoadClient> {
  return new Promise((resolve, reject) => {
    const requests = dialect.requests(plan);
    const timer = setTimeout(
      () => finish(new Error(`a connection was not ready in ${OPEN_TIMEOUT_MS} ms`)),
      OPEN_TIMEOUT_MS,
    );
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      client.observer = undefined;
      if (error === undefined) resolve(client);
      else reject(error);
    };
    const ask = (): void => {
      if (requests.length === 0) finish();
      for (const request of requests) client.send(request);
    };
    let seen = 0;
    const client = new LoadClient(port, dialect.handshake(plan), (error) => {
      if (error !== undefined) finish(error);
      else if (dialect.greetings === 0) ask();
    });
    client.observer = (bytes, start, end) => {
      seen += 1;
      if (seen === dialect.greetings) ask();
      if (seen <= dialect.greetings) return;
      const problem = dialect.judge(Buffer.from(bytes.subarray(start, end)));
      if (problem !== undefined) finish(new Error(problem));
      else if (seen === dialect.greetings + requests.length) finish();
    };
  });
}
