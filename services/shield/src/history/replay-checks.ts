import { BusError, compareClocks } from '@arqonbus/protocol';
import type { Envelope, VectorClock } from '@arqonbus/protocol';

/** Looks at publications in the order of their log, and refuses what goes back (LOG-13). */
export type CheckSequence = (envelope: Envelope) => void;

/** Senders whose clocks are remembered. */
const MAX_SENDERS = 1_024;

/**
 * A check of one replay. It throws `CONFLICT` for a sequence that does not grow, and for a publication whose vector clock
 * is before that of an earlier one of the same sender.
 */
export function createSequenceCheck(): CheckSequence {
  const clocks = new Map<string, { readonly seq: number; readonly clock: VectorClock }>();
  let lastSeq = 0;
  return ({ seq, sender, vectorClock }) => {
    if (seq <= lastSeq) throw regression(seq, lastSeq, sender);
    lastSeq = seq;
    const known = clocks.get(sender);
    if (known !== undefined && isClock(vectorClock) && compareClocks(vectorClock, known.clock) === 'before') {
      throw regression(seq, known.seq, sender);
    }
    if (!isClock(vectorClock)) return;
    clocks.delete(sender);
    clocks.set(sender, { seq, clock: vectorClock });
    if (clocks.size > MAX_SENDERS) forgetOldest(clocks);
  };
}

function isClock(clock: VectorClock): boolean {
  for (const _ in clock) return true;
  return false;
}

function forgetOldest(clocks: Map<string, unknown>): void {
  for (const sender of clocks.keys()) {
    clocks.delete(sender);
    return;
  }
}

function regression(seq: number, afterSeq: number, sender: string): BusError {
  return new BusError('CONFLICT', 'The sequence goes back.', { details: { seq, after_seq: afterSeq, sender } });
}
