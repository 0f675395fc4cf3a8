import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { LogEraser } from '@arqonbus/spine';
import type { LogStore } from '@arqonbus/storage';

/** Erases from the log that Brains keep, channel by channel (LOG-15). */
export function createKeptLogEraser(store: Pick<LogStore, 'rooms' | 'channels' | 'erase'>): LogEraser {
  return {
    parts: async (tenant, what) => {
      const steps = eraseAll(store, tenant, what);
      return [
        {
          stream: '',
          cutSeq: 0,
          maxAgeMs: 0,
          step: async () => {
            const { value, done: isDone = false } = await steps.next();
            return { erased: value ?? 0, isDone };
          },
        },
      ];
    },
  };
}

/**
 * Erases from one channel after the other.
 *
 * @yields how many entries each step took out.
 */
async function* eraseAll(
  store: Pick<LogStore, 'rooms' | 'channels' | 'erase'>,
  tenant: TenantId,
  { room: only, channel: named, ...what }: EraseFilter,
): AsyncGenerator<number, undefined> {
  for (const room of only === undefined ? await store.rooms(tenant) : [only]) {
    for (const channel of named === undefined ? (await store.channels(tenant, room)).channels : [named]) {
      let afterSeq = 0;
      do {
        const { erased, nextSeq } = await store.erase({ tenant, room, channel }, what, afterSeq);
        yield erased;
        afterSeq = nextSeq;
      } while (afterSeq > 0);
    }
  }
}
