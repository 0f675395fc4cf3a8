import { createLocalSpine } from '@arqonbus/spine';
import type { LocalSpine } from '@arqonbus/spine';
import { turn } from '../session/session-rig.ts';

/** For tests: a Spine whose deliveries and deadlines wait for the test. */
export function createSteppedSpine(): { readonly spine: LocalSpine; hand(): void; expire(): Promise<void> } {
  const runs: (() => void)[] = [];
  const deadlines = new Set<() => void>();
  const startTimer = (run: () => void): (() => void) => {
    deadlines.add(run);
    return () => deadlines.delete(run);
  };
  return {
    spine: createLocalSpine({ schedule: (run) => runs.push(run), startTimer }),
    hand: () => {
      for (const run of runs.splice(0)) run();
    },
    expire: async () => {
      for (const expire of deadlines) expire();
      await turn();
    },
  };
}
