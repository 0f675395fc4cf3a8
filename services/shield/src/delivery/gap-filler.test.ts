import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { ChannelLog, LogEntry, SpineMessage } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turn } from '../session/session-rig.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { createGapFiller } from './gap-filler.ts';
import { createRecoveryCounters } from './recovery-counters.ts';
import { MAX_PAGE_BYTES, createSharedReads } from './shared-reads.ts';

const NO_DATA = new Uint8Array(0);

/** A log that holds these sequences of one channel, and says what a stream can know of predecessors. */
function createLog(seqs: number[]) {
  const state = { reads: 0, isAway: false, isErased: false, maxBytes: new Set<number | undefined>() };
  const read: ChannelLog['read'] = async (_, { afterSeq = 0, limit, maxBytes }) => {
    state.reads++;
    state.maxBytes.add(maxBytes);
    await turn();
    if (state.isAway) throw new Error('away');
    const found = seqs.filter((seq) => seq > afterSeq).slice(0, limit);
    return found.map((seq, index): LogEntry => {
      const isKnown = afterSeq === 0 || seqs.includes(afterSeq);
      const prevSeq = found[index - 1] ?? (isKnown ? afterSeq : UNKNOWN_SEQ);
      return { seq, prevSeq, timestampMs: 0, data: NO_DATA };
    });
  };
  const isWholeAfter = async (): Promise<boolean> => state.isErased;
  return { log: { read, isWholeAfter } as unknown as ChannelLog, state };
}

function createRig(seqs: number[], pageMessages = 3) {
  const { log, state } = createLog(seqs);
  const got: (number | string)[] = [];
  const errors: unknown[] = [];
  const timers: (() => void)[] = [];
  const metrics = createMetrics();
  const channel = {
    address: { tenant: 'acme', room: 'science', channel: 'general' },
    key: 'acme/science:general',
    epoch: 'e1',
    stream: '',
    elsewhere: undefined,
    logClass: 'history',
    users: 1,
    receivedSeq: 0,
    isContinuous: true,
    doubt: undefined,
    filling: undefined,
  } as unknown as LocalChannel;
  const recoveries = createRecoveryCounters(metrics);
  const page = { pageMessages, pageBytes: MAX_PAGE_BYTES };
  const gaps = createGapFiller({
    reads: createSharedReads({ log, ...page, onAnswer: recoveries.read, monotonicMs: () => 0 }),
    recoveries,
    accept: (_, { seq }) => got.push(seq),
    onHole: (_, reason) => got.push(reason),
    onError: (_, error) => errors.push(error),
    startTimer: (run) => timers.push(run),
  });
  const arrive = (seq: number, prevSeq: number): void =>
    gaps.accept(channel, { subject: '' as SpineMessage['subject'], data: NO_DATA, seq, prevSeq });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 100 && channel.filling !== undefined; i++) await turn();
  };
  return { channel, gaps, got, errors, timers, metrics, state, arrive, settle };
}

describe('a gap', () => {
  it('[LOG-8] is filled from the log before anything after it is handed on, by one fetch for all that comes meanwhile', async () => {
    const { got, state, metrics, arrive, settle } = createRig([2, 4, 6, 8, 10, 11], 10);
    arrive(2, 0);
    arrive(10, 8);
    arrive(11, 10);
    expect(got).toEqual([2]);
    await settle();
    expect(got).toEqual([2, 4, 6, 8, 10, 11]);
    expect(state.reads).toBe(1);
    expect(metrics.render()).toContain('arqonbus_recoveries_total{path="gap",recovered="true"} 1');
    expect(metrics.render()).toContain('arqonbus_messages_refetched_total 5');
    arrive(11, 10);
    arrive(13, 11);
    expect(got.slice(6)).toEqual([13]);
  });

  it('[LOG-11] [PRD-5] R-29: is read in pages of bytes, far below what cuts a client off that has them all to read', async () => {
    const { state, arrive, settle } = createRig([2, 4, 6, 8, 10]);
    arrive(10, 8);
    await settle();
    expect([...state.maxBytes]).toEqual([1_048_576]);
  });

  it('[LOG-8] is told as a hole where the log has lost it, before what comes after', async () => {
    const { got, metrics, arrive, settle } = createRig([9, 10]);
    arrive(2, 0);
    arrive(10, 9);
    await settle();
    expect(got).toEqual([2, 'trimmed', 9, 10]);
    expect(metrics.render()).toContain('arqonbus_recoveries_total{path="gap",recovered="false"} 1');
  });

  it('[LOG-8] is told as a hole where the log has lost all of it', async () => {
    const { got, arrive, settle } = createRig([]);
    arrive(2, 0);
    arrive(10, 9);
    await settle();
    arrive(12, 10);
    expect(got).toEqual([2, 'trimmed', 12]);
  });

  it('[LOG-3] is none where the predecessor is merely no longer kept, unless the Spine was lost since', async () => {
    const { channel, got, state, arrive, settle } = createRig([7]);
    arrive(2, 0);
    arrive(5, 0);
    expect([got, state.reads]).toEqual([[2, 5], 0]);
    channel.isContinuous = false;
    arrive(7, 0);
    await settle();
    expect(got).toEqual([2, 5, 'trimmed', 7]);
  });

  it('[LOG-2] [LOG-4] a message of a stream that the channel is not in is handed on without a position', async () => {
    const { channel, gaps, got, arrive } = createRig([2, 4]);
    channel.stream = 'LOG_default_0';
    const message = { subject: '' as SpineMessage['subject'], data: NO_DATA };
    gaps.accept(channel, { ...message, seq: 900, prevSeq: 0, stream: 'LOG_durable_0' });
    gaps.accept(channel, { ...message, seq: 2, prevSeq: 0, stream: 'LOG_default_0' });
    gaps.accept(channel, { ...message, seq: 1, prevSeq: 0, stream: 'LOG_durable_0' });
    expect([got, channel.receivedSeq]).toEqual([[0, 2, 0], 2]);
    expect(channel.elsewhere).toEqual({ stream: 'LOG_durable_0', seq: 1 });
    channel.logClass = 'live';
    arrive(5, 4);
    expect(got.at(-1)).toBe(0);
  });

  it('[LOG-4] is filled no further once the log is another one, whose sequences begin below', async () => {
    const { channel, got, arrive, settle } = createRig([2, 4, 6, 8]);
    arrive(2, 0);
    arrive(8, 6);
    Object.assign(channel, { filling: undefined, epoch: 'e2', receivedSeq: 0 });
    arrive(1, 0);
    await settle();
    await turn();
    expect([got, channel.receivedSeq]).toEqual([[2, 1], 1]);
  });

  it('[LOG-15] of what was erased is none, and what follows is handed on', async () => {
    const { got, state, arrive, settle } = createRig([2]);
    state.isErased = true;
    arrive(2, 0);
    arrive(8, 6);
    await settle();
    arrive(10, 8);
    expect(got).toEqual([2, 10]);
  });

  it('[LOG-4] nothing is handed on while it is doubted which log it is, only how far to read', async () => {
    const { channel, gaps, got, state, arrive, settle } = createRig([2, 4, 6, 8]);
    arrive(2, 0);
    channel.doubt = { afterSeq: undefined, upTo: 0 };
    arrive(6, 4);
    arrive(8, 6);
    expect([got, state.reads, channel.doubt]).toEqual([[2], 0, { afterSeq: 4, upTo: 8 }]);
    channel.doubt = undefined;
    await gaps.reach(channel, 8);
    await settle();
    expect(got).toEqual([2, 4, 6, 8]);
  });

  it('[LOG-4] a page that was being read is dropped where it is doubted which log it was of', async () => {
    const { channel, got, arrive, settle } = createRig([2, 4, 6]);
    arrive(2, 0);
    arrive(6, 4);
    channel.doubt = { afterSeq: undefined, upTo: 0 };
    await settle();
    expect(got).toEqual([2]);
  });

  it('[LOG-8] waits for a log that is away, and holds nothing meanwhile', async () => {
    const { got, errors, timers, state, arrive, settle } = createRig([2, 4, 6, 8]);
    arrive(2, 0);
    state.isAway = true;
    arrive(6, 4);
    await turn();
    await turn();
    expect([got, errors.length, timers.length]).toEqual([[2], 1, 1]);
    arrive(8, 6);
    state.isAway = false;
    timers.pop()?.();
    await settle();
    expect(got).toEqual([2, 4, 6, 8]);
  });

  it('[LOG-9] is filled up to where a client has been already', async () => {
    const { gaps, got } = createRig([2, 4, 6]);
    await gaps.reach({ ...createRig([]).channel }, 0);
    const rig = createRig([2, 4, 6]);
    await rig.gaps.reach(rig.channel, 6);
    expect([got, rig.got]).toEqual([[], [2, 4, 6]]);
    await rig.gaps.reach(rig.channel, 4);
    expect(rig.state.reads).toBe(1);
  });

  it('[LOG-8] whatever is lost on the way, each publication is handed on once and in order', async () => {
    const steps = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), isLost: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (list, pageMessages) => {
        const seqs: number[] = [];
        const { got, arrive, settle } = createRig(seqs, pageMessages);
        let last = 0;
        for (const { gap, isLost } of [...list, { gap: 1, isLost: false }]) {
          const prevSeq = last;
          last += gap;
          seqs.push(last);
          if (!isLost) arrive(last, prevSeq);
          if (gap === 3) await turn();
        }
        await settle();
        expect(got).toEqual(seqs);
      }),
      { numRuns: 100 },
    );
  });
});
