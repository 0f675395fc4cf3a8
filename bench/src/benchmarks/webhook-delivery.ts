import { setTimeout as delay } from 'node:timers/promises';
import { Samples } from '@arqonbus/telemetry';
import { startWebhookSink } from '@arqonbus/testkit';
import type { WebhookSink } from '@arqonbus/testkit';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { twoBuses } from '../harness/two-buses.ts';

const EVENTS = 2_000;
const QUICK_EVENTS = 200;
const EVERY_MS = 10;
const CHANNELS = 20;
const GIVE_UP_MS = 60_000;
/** the endpoint that is slow answers after so long. */
const SLOW_MS = 5_000;
const ALLOWED_RATIO = 1.2;

/** WHK-3: how long after its publication an event is at its receiver, and what a slow receiver costs another one. */
export const webhookDelivery: Benchmark = {
  name: 'webhooks',
  title: `Events to one receiver, alone and beside one that takes ${SLOW_MS / 1_000} s for each, and as many as are delivered when all are there at once`,
  run: runWebhooks,
};

async function runWebhooks({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const count = isQuick ? QUICK_EVENTS : EVENTS;
  const rows: Cell[][] = [];
  const verdicts: string[] = [];
  for (const [name, start] of twoBuses) {
    onProgress(name);
    const bus = await start();
    const sink = await startWebhookSink();
    try {
      const rig = await openRig(bus, sink);
      const alone = await rig.measure(count, EVERY_MS);
      await rig.register('/slow');
      const beside = await rig.measure(count, EVERY_MS);
      rows.push([name, 'alone', ...alone], [name, 'beside a slow one', ...beside]);
      rows.push([name, 'all at once', ...(await rig.measure(count, 0))]);
      const ratio = (beside[1] ?? Number.NaN) / (alone[1] ?? Number.NaN);
      verdicts.push(
        `${name}: p99 beside a slow one is ${ratio.toFixed(2)} of that alone; ${ALLOWED_RATIO} are allowed.`,
      );
      rig.close();
    } finally {
      await sink.close();
      await bus.stop();
    }
  }
  return { columns: ['bus', 'receiver', 'p50 ms', 'p99 ms', 'events/s'], rows, verdicts };
}

interface Rig {
  register(path: string): Promise<void>;
  /** Publishes so many, and waits for all of them: p50, p99, and how many a second. */
  measure(count: number, everyMs: number): Promise<readonly number[]>;
  close(): void;
}

async function openRig({ endpoints: [endpoint] }: Bus, sink: WebhookSink): Promise<Rig> {
  if (endpoint === undefined) throw new Error('the bus has no Shield');
  const client = await connectCommands(endpoint);
  const arrived = new Map<string, number>();
  sink.answer(({ path, body }, response) => {
    if (path === '/slow') {
      setTimeout(() => response.writeHead(204).end(), SLOW_MS).unref();
      return undefined;
    }
    const { data } = JSON.parse(body) as { readonly data: { readonly message: { readonly payload: string } } };
    if (!arrived.has(data.message.payload)) arrived.set(data.message.payload, performance.now());
    return 204;
  });
  const register = (path: string): Promise<void> => registerHook(client, `http://127.0.0.1:${sink.port}${path}`);
  await register('/quick');
  for (let n = 0; n < CHANNELS; n += 1) await client.command('join_channel', { room: 'live', channel: `hooks-${n}` });
  // The Shield that does not know the webhook yet tells it nothing.
  for (let n = 0; arrived.size === 0; n += 1) {
    publish(client, 0, `warm-${n}`);
    await delay(100);
  }
  let run = 0;
  return {
    register,
    close: () => client.close(),
    measure: async (count, everyMs) => {
      run += 1;
      const sent = new Map<string, number>();
      const startedMs = performance.now();
      for (let n = 0; n < count; n += 1) {
        const text = `${run}/${n}`;
        sent.set(text, performance.now());
        publish(client, n % CHANNELS, text);
        if (everyMs > 0) await delay(everyMs);
      }
      const isThere = (): boolean => [...sent.keys()].every((text) => arrived.has(text));
      while (!isThere() && performance.now() < startedMs + GIVE_UP_MS) await delay(20);
      if (!isThere()) throw new Error('not all events were delivered');
      const spans = new Samples();
      for (const [text, atMs] of sent) spans.add((arrived.get(text) ?? 0) - atMs);
      const lastMs = Math.max(...Array.from(sent.keys(), (text) => arrived.get(text) ?? 0));
      const perSecond = Math.round((count * 1_000) / (lastMs - startedMs));
      return [spans.percentile(0.5), spans.percentile(0.99), perSecond];
    },
  };
}

async function registerHook(client: CommandClient, url: string): Promise<void> {
  await client.command('op.webhook.register', { url, room: 'live' });
}

function publish(client: CommandClient, channel: number, payload: string): void {
  client.send({ type: 'event', room: 'live', channel: `hooks-${channel}`, payload });
}
