import { waitUntil } from '@arqonbus/testkit';
import type { Answer, FollowedClient } from './followed-client.ts';

/** One request of a load and what became of it. */
export interface Outcome {
  readonly n: number;
  /** `ok`, the code of an error, or `lost` where no answer came at all. */
  readonly code: string;
  readonly sentAt: number;
  readonly tookMs: number;
}

/** Requests at an even pace. */
export interface Load {
  /** What is answered so far, in the order of the answers. */
  readonly outcomes: readonly Outcome[];
  /** Waits until so many more than now have been answered with one of these codes, or with any. */
  more(count: number, codes?: readonly string[]): Promise<void>;
  /** Ends it; resolves with all outcomes, by number, when the last request is answered. */
  stop(): Promise<readonly Outcome[]>;
}

/** Sends what `ask` gives every `everyMs`, whatever becomes of the ones before. */
export function startLoad(everyMs: number, ask: (n: number) => Promise<Answer>): Load {
  const outcomes: Outcome[] = [];
  const open: Promise<void>[] = [];
  let n = 0;
  const send = async (): Promise<void> => {
    const [number, sentAt] = [n++, performance.now()];
    const code = await ask(number).then(
      (answer) => answer.code,
      () => 'lost',
    );
    outcomes.push({ n: number, code, sentAt, tookMs: performance.now() - sentAt });
  };
  const timer = setInterval(() => void open.push(send()), everyMs);
  return {
    outcomes,
    more: (count, codes) => {
      const from = outcomes.length;
      const fits = ({ code }: Outcome): boolean => codes === undefined || codes.includes(code);
      const isThere = (): boolean => outcomes.slice(from).filter(fits).length >= count;
      return waitUntil(isThere, { what: `${count} answers of ${String(codes)}`, timeoutMs: 15_000 });
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return outcomes.toSorted((a, b) => a.n - b.n);
    },
  };
}

/** Publishes its own number with `ack` every `everyMs`. */
export function startPublishing(client: FollowedClient, target: string, everyMs = 10): Load {
  return startLoad(everyMs, (n) => client.publish(target, n));
}

/** How often each code came. */
export function countCodes(outcomes: readonly Pick<Outcome, 'code'>[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of outcomes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** A Shield answers `ping` by itself, within milliseconds; beside pings that took so long nothing can be judged by its time. */
const STARVED_MS = 250;

/**
 * Those that were refused for another reason than that the machine was too slow: a command whose time has passed, and a
 * lease that ran out, tell of no fault where even a `ping` beside them had to wait.
 */
export function findRefused(outcomes: readonly Outcome[], pings: readonly Outcome[]): readonly Outcome[] {
  const isStarved = pings.some(({ tookMs }) => tookMs > STARVED_MS);
  return isStarved ? [] : outcomes.filter(({ code }) => code !== 'ok');
}

/** A load of `ping`: how fast the machine is, whatever the Brains do. */
export function startPings(client: FollowedClient): Load {
  return startLoad(50, () => client.command('ping'));
}

/** The numbers of the outcomes with this code. */
export function numbersOf(outcomes: readonly Outcome[], code: string): readonly number[] {
  return outcomes.filter((outcome) => outcome.code === code).map(({ n }) => n);
}

/** The value below which 99 % lie. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}
