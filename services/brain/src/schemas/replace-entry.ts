import { BusError } from '@arqonbus/protocol';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';

/** What was done to an entry, or that somebody else was faster. */
export type Replacement<T> = { readonly isDone: true; readonly result: T } | { readonly isDone: false };

const MAX_TRIES = 5;

/**
 * Changes one entry of a bucket by compare-and-set, anew each time that somebody else was faster; throws `CONFLICT` when
 * that happened every time. `change` reads the entry it is given and must write by `putEntry` or `dropEntry`.
 */
export async function replaceEntry<T>(
  bucket: KeyValue,
  key: string,
  change: (known: KeyValueEntry | undefined) => Promise<Replacement<T>>,
): Promise<T> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const replaced = await change(await bucket.get(key));
    if (replaced.isDone) return replaced.result;
  }
  throw new BusError('CONFLICT', 'Others change it all the time; try again.');
}

/** Writes a value where `known` was read; false = it has changed since. */
export async function putEntry(
  bucket: KeyValue,
  key: string,
  value: Uint8Array,
  known: KeyValueEntry | undefined,
): Promise<boolean> {
  return unlessLost(known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
}

/** Removes an entry as it was read; false = it has changed since. */
export async function dropEntry(bucket: KeyValue, known: KeyValueEntry): Promise<boolean> {
  return unlessLost(bucket.delete(known.key, known.revision));
}

async function unlessLost(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof BusError && error.code === 'CONFLICT') return false;
    throw error;
  }
}
