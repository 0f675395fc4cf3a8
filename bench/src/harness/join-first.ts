import { commandFrame } from './command-frames.ts';
import type { Load } from './load.ts';

const TRIES = 100;
const PAUSE_MS = 100;

/** Joins a channel, which is made by that; waits where its partition has no Brain yet, as in the first seconds of a cluster. */
export async function joinFirst(load: Load, group: string, room: string, channel: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const frames = [commandFrame('join_channel', { room, channel })];
      await load.ask({ group, frames, expected: 1, mustHold: '"status":"success"' });
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, PAUSE_MS);
      });
    }
  }
}
