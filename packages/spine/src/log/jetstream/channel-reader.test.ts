import type { JetStreamClient } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import type { Subject } from '../../subjects/subject.ts';
import { readChannel } from './channel-reader.ts';
import type { ChannelReaderOptions } from './channel-reader.ts';

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
  const options: ChannelReaderOptions = {
    js,
    stream: 'LOG_default_0',
    subject: 'arqon.in.default.0.acme.science.general' as Subject,
    maxMessages: 500,
    keptMessages: 501,
    isWhole: () => Promise.resolve(false),
    timeoutMs: 1_000,
  };
  const entries = await readChannel(options, { order, limit: 3 });
  expect(entries.map(({ seq }) => seq)).toEqual(seqs);
  expect(isRead()).toBe(false);
});
