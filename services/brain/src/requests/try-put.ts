import { BusError } from '@arqonbus/protocol';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';
import type { Outcome } from '../audit/audit.ts';

/** How often a change is tried that others are making at the same time. */
export const MAX_TRIES = 5;

/**
 * Writes what was made of `known`, if it is still that. Gives undefined where somebody else was faster and it is to be
 * tried again.
 */
export async function tryPut(
  bucket: KeyValue,
  key: string,
  value: Uint8Array,
  known: KeyValueEntry | undefined,
  isLastTry: boolean,
): Promise<number | undefined> {
  try {
    return await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
  } catch (error) {
    if (isLastTry || !(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    return undefined;
  }
}

/** What the trail says of a try: where somebody else was faster, nothing has become of it (AUD-1). */
export function outcomeOfTry(before: string): (revision: number | undefined) => Outcome {
  return (revision) => (revision === undefined ? { after: before, details: { code: 'CONFLICT' } } : {});
}
