import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FollowedClient } from './followed-client.ts';

/** Numbers on their way into a channel with a log. */
export interface NumberedLoad {
  /** Ends it; gives the sequences that were acknowledged, by payload. */
  stop(): Promise<ReadonlyMap<number, number>>;
  acknowledged(): number;
}

/**
 * Publishes numbers with `ack`, a few under way at a time, each again under its id until it is acknowledged. After each of the few
 * comes a pause, where a machine that is fast must not publish more than the log keeps.
 */
export function publishNumbers(client: FollowedClient, target: string, pauseMs = 0): NumberedLoad {
  const acknowledged = new Map<number, number>();
  let isOn = true;
  let next = 0;
  const run = async (): Promise<void> => {
    while (isOn) {
      const n = next++;
      const id = `arq_recovery-${String(n).padStart(6, '0')}`;
      let answer = await client.publish(target, n, { id });
      for (; answer.code !== 'ok'; answer = await client.publish(target, n, { id })) {
        expect(['UNAVAILABLE', 'TIMEOUT']).toContain(answer.code);
        await new Promise(setImmediate);
      }
      acknowledged.set(n, Number(answer.payload['seq']));
      if (pauseMs > 0) await delay(pauseMs);
    }
  };
  const runs = [run(), run(), run(), run()];
  return {
    acknowledged: () => acknowledged.size,
    stop: async () => {
      isOn = false;
      await Promise.all(runs);
      return acknowledged;
    },
  };
}

/** The highest sequence; 0 = there is none. Without a spread: a fast machine writes more than a call takes arguments. */
export function lastOf(seqs: Iterable<number>): number {
  let last = 0;
  for (const seq of seqs) last = Math.max(last, seq);
  return last;
}

/** Each event once, in the order of the log, each naming the one before; returns their payloads by sequence. */
export function checkOrder(reader: FollowedClient): ReadonlyMap<number, number> {
  const seqs = reader.events.map(({ seq }) => Number(seq));
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  const previous = reader.events.slice(1).map((event) => event['prev_seq']);
  expect(previous).toEqual(seqs.slice(0, -1));
  return new Map(reader.events.map(({ payload, seq }) => [Number(payload), Number(seq)]));
}

/** Everything that was acknowledged has come to the reader, once and in order. */
export async function expectAll(reader: FollowedClient, acknowledged: ReadonlyMap<number, number>): Promise<void> {
  const last = lastOf(acknowledged.values());
  await expect.poll(() => Number(reader.events.at(-1)?.['seq']), { timeout: 10_000 }).toBeGreaterThanOrEqual(last);
  const got = checkOrder(reader);
  expect([...acknowledged].filter(([n, seq]) => got.get(n) !== seq)).toEqual([]);
}
