import { Samples } from '@arqonbus/telemetry';
import type { LoadClient } from './load-client.ts';
import type { AskOrder, AskReport } from './orders.ts';
import { waitUntil } from './wait-until.ts';

const TIMEOUT_MS = 60_000;

/** Sends the same frames on all connections, and waits until each has what it should get. Throws on a wrong answer. */
export async function askRun(order: AskOrder, clients: readonly LoadClient[]): Promise<AskReport> {
  const frames = Buffer.concat(order.frames.map((frame) => Buffer.from(frame, 'base64')));
  const times = new Samples();
  const startedAt = performance.now();
  const state: State = { done: 0, firstAnswer: '', problem: undefined };
  let next = 0;
  const askNext = (): void => {
    const client = clients[next++];
    if (client === undefined || state.problem !== undefined) return;
    const sentAt = performance.now();
    observe(client, order, state, () => {
      times.add(performance.now() - sentAt);
      askNext();
    });
    client.send(frames);
  };
  for (let n = 0; n < Math.min(order.maxInFlight ?? clients.length, clients.length); n += 1) askNext();
  await waitUntil(() => state.done === clients.length || state.problem !== undefined, TIMEOUT_MS);
  const ms = performance.now() - startedAt;
  for (const client of clients) client.observer = undefined;
  if (state.problem !== undefined) throw new Error(`not what should come: ${state.problem}`);
  if (state.done < clients.length) throw new Error(`${clients.length - state.done} connections did not get everything`);
  const { firstAnswer } = state;
  return { ms, p50Ms: times.percentile(0.5), p99Ms: times.percentile(0.99), firstAnswer };
}

interface State {
  done: number;
  firstAnswer: string;
  problem: string | undefined;
}

function observe(client: LoadClient, { expected, mustHold }: AskOrder, state: State, onDone: () => void): void {
  let seen = 0;
  client.observer = (bytes, start, end) => {
    seen += 1;
    if (seen === 1) {
      const answer = bytes.toString('utf8', start, end);
      if (state.firstAnswer === '') state.firstAnswer = answer;
      if (!answer.includes(mustHold)) state.problem ??= answer;
    }
    if (seen !== expected) return;
    state.done += 1;
    onDone();
  };
}
