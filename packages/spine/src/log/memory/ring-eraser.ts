import { isErased } from '@arqonbus/protocol';
import { addressOf } from '../../subjects/subjects.ts';
import type { LogEraser } from '../erasing/log-eraser.ts';
import type { ChannelRing, StoredEntry } from './channel-ring.ts';

/** Erases from the log in memory, which is one part, in one step. `onGone` is told of each entry that has left its ring. */
export function createRingEraser(
  rings: ReadonlyMap<string, ChannelRing>,
  onGone: (entry: StoredEntry) => void,
): LogEraser {
  return {
    parts: async (tenant, what) => [
      {
        stream: '',
        cutSeq: 0,
        maxAgeMs: 0,
        step: async () => {
          let erased = 0;
          // A ring that is empty afterwards leaves the map.
          for (const ring of rings.values()) {
            const address = addressOf(ring.subject);
            if (address?.tenant !== tenant) continue;
            const gone = ring.erase((entry) => isErased({ ...entry, address }, what));
            gone.forEach(onGone);
            erased += gone.length;
          }
          return { erased, isDone: true };
        },
      },
    ],
  };
}
