import { pairedRuns } from './paired-runs.ts';

/** What came of runs some of which may have failed. */
export interface TolerantRuns<S> {
  /** By name, in the order of the rounds; a name without any run that succeeded is missing. */
  readonly samples: ReadonlyMap<string, readonly S[]>;
  /** One line for each name some of whose runs failed, with the first reason. */
  readonly failures: readonly string[];
}

const SETTLE_MS = 3_000;

/**
 * {@link pairedRuns} at a rate that may be too high for the machine: a run in which deliveries went missing or messages
 * were refused is told as such, and what it left under way has time to arrive before the next begins.
 */
export async function tolerantRuns<C extends { readonly name: string }, S>(
  contenders: readonly C[],
  rounds: number,
  sample: (contender: C) => Promise<S>,
): Promise<TolerantRuns<S>> {
  const reasons = new Map<string, string[]>();
  const all = await pairedRuns(contenders, rounds, async (contender) => {
    try {
      return { value: await sample(contender) };
    } catch (error) {
      // It may hold a binary frame.
      const text = (error instanceof Error ? error.message : String(error)).replaceAll(/[^ -~]+/g, ' ');
      reasons.set(contender.name, [...(reasons.get(contender.name) ?? []), text]);
      await settle();
      return undefined;
    }
  });
  const whole = [...all].map(([name, runs]): [string, S[]] => [name, runs.flatMap((run) => run?.value ?? [])]);
  return {
    samples: new Map(whole.filter(([, runs]) => runs.length > 0)),
    failures: [...reasons].map(([name, texts]) => `${name}: FAILED in ${texts.length} of ${rounds} runs: ${texts[0]}`),
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}
