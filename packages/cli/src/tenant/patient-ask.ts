import { BusError } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import type { Ask } from './step.ts';

/** Refusals after which the same command may do better a little later. */
const PASSING: ReadonlySet<string> = new Set(['RATE_LIMITED', 'UNAVAILABLE']);
const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 4_000;

/** Gives commands through this client; what the bus has no room or no server for at the moment is asked again some times. */
export function patientAsk(client: Pick<ArqonClient, 'command'>, pause: (ms: number) => Promise<void>): Ask {
  return async (name, args) => {
    for (let tries = 1; ; tries++) {
      try {
        return await client.command(name, args);
      } catch (error) {
        if (!(error instanceof BusError) || !PASSING.has(error.code) || tries === MAX_TRIES) throw error;
        const wished = Number(error.details['retry_after_ms'] ?? 0);
        await pause(Math.min(MAX_PAUSE_MS, Math.max(wished, FIRST_PAUSE_MS * 2 ** (tries - 1))));
      }
    }
  };
}
