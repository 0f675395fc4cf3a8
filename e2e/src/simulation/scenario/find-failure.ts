import { runSeed } from './run-seed.ts';
import type { Outcome } from './run-seed.ts';

const MAX_SHOWN = 8;

/** Runs seeds one after the other until one breaks a promise; tells what broke and how to see it again. */
export async function findFailure(seeds: Iterable<number>): Promise<string | undefined> {
  for (const seed of seeds) {
    const outcome = await runSeed(seed);
    if (outcome.violations.length + outcome.faults.length > 0) return describeFailure(outcome);
  }
  return undefined;
}

/** What went wrong, and the command that shows it again. */
function describeFailure({ seed, violations, faults, lines, plan }: Outcome): string {
  const steps = plan.steps.filter(({ kind }) => !['publish', 'join', 'leave'].includes(kind));
  const told = [...violations.map(({ invariant, text }) => `${invariant}: ${text}`), ...faults];
  return [
    `seed ${seed}; see it again: npm run sim -- --from ${seed} --seeds 1`,
    ...told.slice(0, MAX_SHOWN),
    ...(told.length > MAX_SHOWN ? [`and ${told.length - MAX_SHOWN} more`] : []),
    `faults, by time: ${JSON.stringify(steps.toSorted((one, other) => one.atMs - other.atMs))}`,
    `rates: ${JSON.stringify(plan.rates)}`,
    ...lines.slice(-MAX_SHOWN).map((line) => line.slice(0, 300)),
  ].join('\n');
}
