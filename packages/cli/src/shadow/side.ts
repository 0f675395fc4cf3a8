import { isDeepStrictEqual } from 'node:util';
import { BusError } from '@arqonbus/protocol';
import type { ArqonClient, Subscription } from '@arqonbus/sdk';

/** One of the Shields that are compared, seen by a client of its own. */
export interface Side {
  /** Joins a channel; a refusal shows in what is published there. */
  join(target: string): Promise<void>;
  /** What it answers to a publication: its id where it is acknowledged, else the code of the refusal. */
  publish(target: string, payload: unknown): Promise<Answer>;
  /** The payload that its client hears under this id in a channel that both have joined; `NOTHING` where it does not come in time. */
  heard(id: string): Promise<unknown>;
}

/** An answer of the bus. */
export type Answer = { readonly id: string; readonly ms: number } | { readonly code: string };

/** What is heard where nothing is. */
export const NOTHING: unique symbol = Symbol('nothing');

/** Publications that came before they were asked for. */
const KEPT = 1_000;

/** Joins channels as they are asked for, and keeps what is heard for who asks; ids are asked for once. */
export function createSide(client: ArqonClient, timeoutMs: number): Side {
  const joined = new Map<string, Promise<Subscription>>();
  const come = new Map<string, unknown>();
  const awaited = new Map<string, (payload: unknown) => void>();
  const join = (target: string): Promise<Subscription> => {
    const known = joined.get(target);
    if (known !== undefined) return known;
    const joining = client.join(target, { echo: true }).then((subscription) => {
      subscription.on('publication', ({ id, payload }) => {
        const tell = awaited.get(id);
        if (tell !== undefined) return tell(payload);
        come.set(id, payload);
        // Others may speak there, too, and nobody asks for what they say.
        if (come.size > KEPT) come.delete(come.keys().next().value ?? '');
      });
      return subscription;
    });
    joined.set(target, joining);
    return joining;
  };
  return {
    join: (target) =>
      join(target).then(
        () => undefined,
        () => undefined,
      ),
    publish: async (target, payload) => {
      const startedAt = performance.now();
      try {
        const { id } = await (await join(target)).publish(payload);
        return { id, ms: performance.now() - startedAt };
      } catch (error) {
        if (error instanceof BusError) return { code: error.code };
        throw error;
      }
    },
    heard: (id) =>
      new Promise((resolve) => {
        if (come.has(id)) {
          resolve(come.get(id));
          come.delete(id);
          return;
        }
        const end = (payload: unknown): void => {
          clearTimeout(timer);
          awaited.delete(id);
          resolve(payload);
        };
        const timer = setTimeout(() => end(NOTHING), timeoutMs);
        awaited.set(id, end);
      }),
  };
}

/** What came of one payload on one way in: the answer, and what either side heard. */
interface Outcome {
  readonly answer: string;
  readonly here: unknown;
  readonly there: unknown;
}

/** How two Shields differ over one payload, in words that do not show it; empty = not at all. */
export interface Comparison {
  readonly differences: readonly string[];
  /** From publication to answer, where it was acknowledged. */
  readonly stableMs?: number;
  readonly canaryMs?: number;
}

/** Publishes a payload by either side, one after the other, and compares what they answer and what both hear. */
export async function compareSides(stable: Side, canary: Side, target: string, payload: unknown): Promise<Comparison> {
  await Promise.all([stable.join(target), canary.join(target)]);
  const [one, stableMs] = await outcomeOf(stable, canary, target, payload);
  const [other, canaryMs] = await outcomeOf(canary, stable, target, payload);
  return {
    differences: [...differencesOf(one, other)],
    ...(stableMs === undefined ? {} : { stableMs }),
    ...(canaryMs === undefined ? {} : { canaryMs }),
  };
}

async function outcomeOf(
  by: Side,
  beside: Side,
  target: string,
  payload: unknown,
): Promise<readonly [Outcome, number | undefined]> {
  const answer = await by.publish(target, payload);
  if ('code' in answer) return [{ answer: answer.code, here: NOTHING, there: NOTHING }, undefined];
  const [here, there] = await Promise.all([by.heard(answer.id), beside.heard(answer.id)]);
  return [{ answer: 'acknowledged', here, there }, answer.ms];
}

function differencesOf(stable: Outcome, canary: Outcome): readonly string[] {
  if (stable.answer !== canary.answer) return [`stable: ${stable.answer}, canary: ${canary.answer}`];
  if (stable.answer === 'acknowledged' && stable.here === NOTHING)
    return ['acknowledged by stable, and not heard there'];
  const ways = [
    ['published by stable, heard by canary', stable.there],
    ['published by canary, heard by canary', canary.here],
    ['published by canary, heard by stable', canary.there],
  ] as const;
  return ways
    .filter(([, heard]) => !isDeepStrictEqual(heard, stable.here))
    .map(([way, heard]) => `${way}: ${heard === NOTHING ? 'nothing' : 'another payload'} than by stable alone`);
}
