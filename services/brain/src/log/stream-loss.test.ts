import type { StreamState } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { lossOf } from './stream-loss.ts';

const NOW_MS = 1_750_000_000_000;
const MAX_AGE_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** 100 messages, the oldest ten minutes old. */
const before: StreamState = {
  created: '2026-01-01T00:00:00Z',
  firstSeq: 1,
  lastSeq: 100,
  messages: 100,
  firstAtMs: NOW_MS - 10 * MINUTE_MS,
  lastAtMs: NOW_MS - MINUTE_MS,
};
const aged = { ...before, firstAtMs: NOW_MS - MAX_AGE_MS };
const forgotten = { ...aged, lastAtMs: NOW_MS - MAX_AGE_MS };

describe('what a stream has lost', () => {
  it.each<[string, StreamState, Partial<StreamState>, string | undefined]>([
    ['nothing happened', before, {}, undefined],
    ['messages came', before, { lastSeq: 120, messages: 120 }, undefined],
    ['each that came evicted one', before, { firstSeq: 21, lastSeq: 120 }, undefined],
    ['all expired', forgotten, { firstSeq: 101, messages: 0 }, undefined],
    ['some expired', aged, { firstSeq: 40, messages: 61 }, undefined],
    [
      'another value of each of few channels',
      { ...before, messages: 2 },
      { firstSeq: 101, lastSeq: 102, messages: 2 },
      undefined,
    ],
    [
      'it was empty',
      { ...before, messages: 0, firstSeq: 101 },
      { firstSeq: 101, lastSeq: 101, messages: 1 },
      undefined,
    ],
    ['it was made anew', before, { created: '2026-02-02T00:00:00Z', firstSeq: 1, lastSeq: 500 }, 'recreated'],
    ['an older store was put in its place', before, { lastSeq: 60, messages: 60 }, 'regressed'],
    ['somebody emptied it', before, { firstSeq: 101, messages: 0 }, 'purged'],
    ['somebody emptied it, and messages came', before, { firstSeq: 101, lastSeq: 120, messages: 20 }, 'purged'],
    ['somebody emptied one that expires as well', aged, { firstSeq: 101, lastSeq: 120, messages: 20 }, 'purged'],
    ['somebody took a channel out', before, { messages: 90 }, 'purged'],
  ])('[LOG-4] is known where %s', (_, state, change, loss) => {
    const seen = { highSeq: state.lastSeq, maxAgeMs: MAX_AGE_MS, nowMs: NOW_MS };
    expect(lossOf(state, { ...state, ...change }, seen)).toBe(loss);
  });

  it('[LOG-4] is known from what others have seen of it', () => {
    const after = { ...before, lastSeq: 140, messages: 140 };
    expect(lossOf(before, after, { highSeq: 150, maxAgeMs: MAX_AGE_MS, nowMs: NOW_MS })).toBe('regressed');
  });
});
