import { BusError } from '@arqonbus/protocol';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';
import type { Outcome } from '../audit/audit.ts';

/** One try to change an entry. Writes give the revision; undefined = somebody else was faster, and it is to be tried again. */
export interface EntryTry {
  readonly known: KeyValueEntry | undefined;
  put(value: Uint8Array): Promise<number | undefined>;
  remove(): Promise<number | undefined>;
}

/** How often a change is tried that others are making at the same time. */
const MAX_TRIES = 5;

/**
 * Changes one entry of a bucket by compare-and-set, anew each time that somebody else was faster; throws `CONFLICT` where
 * that happened every time. `change` gives its result, or undefined where its write did.
 */
export async function replaceEntry<T>(
  bucket: KeyValue,
  key: string,
  change: (entry: EntryTry) => Promise<T | undefined>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const known = await bucket.get(key);
    const isLast = tries === MAX_TRIES;
    const result = await change({
      known,
      put: (value) =>
        unlessOvertaken(
          known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision),
          isLast,
        ),
      remove: () =>
        unlessOvertaken(
          bucket.delete(key, known?.revision).then(() => known?.revision ?? 0),
          isLast,
        ),
    });
    if (result !== undefined) return result;
  }
}

/** What the trail says of a try: where somebody else was faster, nothing has become of it (AUD-1). */
export function outcomeOfTry(before: string): (revision: number | undefined) => Outcome {
  return (revision) => (revision === undefined ? { after: before, details: { code: 'CONFLICT' } } : {});
}

async function unlessOvertaken(write: Promise<number>, isLast: boolean): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    if (isLast) throw new BusError('CONFLICT', 'Others change it all the time; try again.', { cause: error });
    return undefined;
  }
}
