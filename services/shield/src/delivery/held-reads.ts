import type { Clock, Limits } from '@arqonbus/protocol';
import type { ChannelLog } from '@arqonbus/spine';
import { turn } from '../session/session-rig.ts';
import type { RecoveryCounters } from './recovery-counters.ts';
import { createSharedReads } from './shared-reads.ts';
import type { SharedReads } from './shared-reads.ts';

/** For tests: a log that answers when it is told to. */
export interface HeldReads {
  readonly log: ChannelLog;
  isOn: boolean;
  release(outcome?: 'answer' | 'fail'): Promise<void>;
}

/** A log whose reads wait, while that is switched on, until they are answered or failed. */
export function createHeldReads(log: ChannelLog): HeldReads {
  const waiting: { readonly answer: () => void; readonly fail: () => void }[] = [];
  const reads: HeldReads = {
    isOn: false,
    log: {
      append: (append) => log.append(append),
      position: (address, claimedSeq) => log.position(address, claimedSeq),
      end: (address) => log.end(address),
      isWholeAfter: (address, seq, knownSeq) => log.isWholeAfter(address, seq, knownSeq),
      channels: (tenant, room) => log.channels(tenant, room),
      trim: (address, beforeSeq) => log.trim(address, beforeSeq),
      read: (address, range) => {
        if (!reads.isOn) return log.read(address, range);
        // The answer is as old as the question: much may be published before it arrives.
        const entries = log.read(address, range);
        return new Promise((resolve, reject) => {
          waiting.push({ answer: () => resolve(entries), fail: () => reject(new Error('the log is away')) });
        });
      },
    },
    release: async (outcome = 'answer') => {
      for (const read of waiting.splice(0)) read[outcome]();
      await turn();
    },
  };
  return reads;
}

/** For tests: makes shared reads of a log in pages of so many bytes. */
export function createTestReads(
  { recoveryPage: pageMessages }: Limits,
  { read: onAnswer }: RecoveryCounters,
  clock: Clock,
): (log: ChannelLog, pageBytes: number) => SharedReads {
  return (log, pageBytes) =>
    createSharedReads({ log, pageMessages, pageBytes, onAnswer, monotonicMs: () => clock.monotonicMs() });
}
