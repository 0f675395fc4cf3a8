import type { JetStreamClient } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import type { Subject } from '../../subjects/subject.ts';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { ChannelEnd } from './channel-end.ts';
import { readChannel } from './channel-reader.ts';
import { readByConsumer } from './consumer-reader.ts';
import type { ConsumerReaderOptions } from './consumer-reader.ts';
import type { FoundEntries } from './range-collector.ts';

/** A stream to which somebody appends as fast as it is read: a consumer of it never has nothing pending. */
function createBusyStream(pending: number): { readonly js: JetStreamClient; readonly isRead: () => boolean } {
  let isOn = false;
  const consume = async ({ callback }: { callback(message: unknown): void }): Promise<{ stop(): void }> => {
    isOn = true;
    let seq = 0;
    const deliver = (): void => {
      seq += 1;
      callback({ seq, time: new Date(seq), data: Uint8Array.of(1), info: { pending: 7 } });
      if (isOn) setImmediate(deliver);
    };
    setImmediate(deliver);
    return { stop: () => void (isOn = false) };
  };
  const consumer = { info: async () => ({ num_pending: pending }), consume, delete: async () => true };
  const js = { consumers: { getPushConsumer: async () => consumer } } as unknown as JetStreamClient;
  return { js, isRead: () => isOn };
}

it.each([
  ['newest', [20, 19, 18]],
  ['oldest', [1, 2, 3]],
] as const)('[LOG-18] [PRD-5] a read of the %s ends, however fast others append', async (order, seqs) => {
  const { js, isRead } = createBusyStream(20);
  const options: ConsumerReaderOptions = {
    js,
    stream: 'LOG_default_0',
    subject: 'arqon.in.default.0.acme.science.general' as Subject,
    maxMessages: 500,
    keptMessages: 501,
    timeoutMs: 1_000,
  };
  const { entries } = await readByConsumer(options, { order, limit: 3 });
  expect(entries.map(({ seq }) => seq)).toEqual(seqs);
  expect(isRead()).toBe(false);
});

describe('a copy of a stream that lags behind', () => {
  const entry = (seq: number): FoundEntries['entries'][number] => {
    return { seq, prevSeq: seq - 1, timestampMs: 0, data: Uint8Array.of(1) };
  };

  /** A copy that gets one message more each time that it is read; the leader has 5. */
  function createCopy(isComplete: boolean) {
    const pauses: number[] = [];
    let has = 2;
    const options = {
      readOnce: async ({ afterSeq = 0 }): Promise<FoundEntries> => {
        const seqs = Array.from({ length: has++ }, (_, n) => n + 1).filter((seq) => seq > afterSeq);
        return { entries: seqs.map(entry), lastSeq: seqs.at(-1) ?? UNKNOWN_SEQ, isComplete };
      },
      leaderSeq: async () => 5,
      endOf: async () => ({ channelSeq: 5, streamSeq: 5 }),
      isWhole: async () => false,
      timeoutMs: 100,
      startTimer: (run: () => void, afterMs: number) => {
        pauses.push(afterMs);
        run();
      },
    };
    return { options, pauses };
  }
  const read = async (options: Parameters<typeof readChannel>[0], afterSeq = 0, knownSeq?: number): Promise<number[]> =>
    (await readChannel(options, { afterSeq, limit: 100, ...(knownSeq === undefined ? {} : { knownSeq }) })).map(
      ({ seq }) => seq,
    );

  it('[LOG-18] is read until it has what the leader had, and no end is taken from it before', async () => {
    const { options, pauses } = createCopy(false);
    expect(await read(options, 1)).toEqual([2, 3, 4, 5]);
    expect(pauses).toHaveLength(3);
  });

  it('[LOG-18] does no harm where the range goes no further, or nothing of it can be missing', async () => {
    const full = createCopy(true);
    expect(await read(full.options)).toEqual([1, 2]);
    const atEnd = createCopy(false);
    expect(await read(atEnd.options, 5)).toEqual([]);
    expect([full.pauses, atEnd.pauses]).toEqual([[], []]);
  });

  it('[LOG-9] [LOG-18] tells no end while who leads it has not heard of what is known', async () => {
    const { options, pauses } = createCopy(false);
    let leads = 0;
    const behind = async (): Promise<ChannelEnd> => ({ channelSeq: 2, streamSeq: 2 });
    const stale = { ...options, leaderSeq: async () => (++leads > 3 ? 5 : 2), endOf: behind };
    expect(await read(stale, 2, 5)).toEqual([3, 4, 5]);
    expect(pauses.length).toBeGreaterThan(2);
    const lasting = { ...options, leaderSeq: async () => 2 };
    await expect(read({ ...lasting, endOf: behind }, 2, 5)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    // The channel's last ones were erased, and the stream tells that there were some.
    const readOnce = async (): Promise<FoundEntries> => ({ entries: [], lastSeq: 2, isComplete: false });
    const erased = { ...lasting, readOnce, endOf: async () => ({ channelSeq: 2, streamSeq: 5 }) };
    expect(await read(erased, 2, 5)).toEqual([]);
  });

  it('[LOG-9] [LOG-18] takes the end from who knows of the stream, and not from a leader that does not', async () => {
    const { options, pauses } = createCopy(false);
    expect(await read({ ...options, leaderSeq: async () => 2 }, 2, 5)).toEqual([3, 4, 5]);
    expect(pauses.length).toBeGreaterThan(1);
  });

  it('[LOG-18] is `UNAVAILABLE` where it stays behind', async () => {
    const { options } = createCopy(false);
    const stuck = { ...options, readOnce: () => options.readOnce({ afterSeq: 9 }) };
    await expect(read(stuck)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
