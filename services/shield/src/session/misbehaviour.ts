import { errorTable } from '@arqonbus/protocol';
import type { ErrorCode, Limits } from '@arqonbus/protocol';
import { closeSession } from './close-session.ts';
import type { CutFlooder } from './cut-flooder.ts';
import type { Session } from './session.ts';

/** Counts what a client does wrong, and ends the connection of one who does not stop. */
export interface Misbehaviour {
  /** A frame that was no message (PRT-10). */
  badFrame(session: Session): void;
  /** A refusal; those for being too fast or too many count (PRT-27). */
  refused(session: Session, code: ErrorCode): void;
}

const MINUTE_MS = 60_000;
const TEN_SECONDS_MS = 10_000;

/** Judges by these limits, over windows that slide: offences on both sides of a border count together. */
export function createMisbehaviour(limits: Limits, monotonicMs: () => number, cutFlooder: CutFlooder): Misbehaviour {
  return {
    badFrame: (session) => {
      session.badFramesMs ??= [];
      const count = countOffence(session.badFramesMs, monotonicMs(), MINUTE_MS);
      if (count >= limits.badFramesPerMinute) closeSession(session, 4400);
    },
    refused: (session, code) => {
      if (errorTable[code].closeCode !== 4429) return;
      session.refusalsMs ??= [];
      const count = countOffence(session.refusalsMs, monotonicMs(), TEN_SECONDS_MS);
      if (count >= limits.refusalsPerTenSeconds) cutFlooder(session);
    },
  };
}

/** Adds one offence and tells how many the window holds; the list is as long as the limit at most, then comes the close. */
export function countOffence(times: number[], nowMs: number, windowMs: number): number {
  while (times[0] !== undefined && nowMs - times[0] >= windowMs) times.shift();
  return times.push(nowMs);
}
