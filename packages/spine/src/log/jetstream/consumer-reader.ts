import { DeliverPolicy } from '@nats-io/jetstream';
import type { JetStreamClient, OrderedConsumerOptions } from '@nats-io/jetstream';
import type { Subject } from '../../subjects/subject.ts';
import type { ReadRange } from '../channel-log.ts';
import { RangeCollector } from './range-collector.ts';
import type { FoundEntries, KeptNumbers } from './range-collector.ts';
import type { NamedMessage } from './recent-ids.ts';

/** What reading by a consumer needs. */
export interface ConsumerReaderOptions extends KeptNumbers {
  readonly js: Pick<JetStreamClient, 'consumers'>;
  readonly stream: string;
  /** The channel's subject in the stream. */
  readonly subject: Subject;
  /** How long the next message may take to come. */
  readonly timeoutMs: number;
  /** Told of each message that is read, shown or not. */
  readonly onMessage?: ((message: NamedMessage) => void) | undefined;
}

/**
 * Reads a channel's entries by one ordered, ephemeral consumer (LOG-18), which every server has. The server sends more than
 * the range asks for, but by its flow control only some 2 MiB until the first of it has been taken: who wants less says so by
 * `maxBytes`, and what comes beyond is dropped.
 */
export async function readByConsumer(options: ConsumerReaderOptions, range: ReadRange): Promise<FoundEntries> {
  const { js, stream, subject, timeoutMs, onMessage } = options;
  const consumer = await js.consumers.getPushConsumer(stream, { ...startOf(range), filter_subjects: subject });
  const { num_pending: pending } = await consumer.info(true);
  const collector = new RangeCollector(range, pending, options);
  if (!collector.isDone) {
    const messages = await consumer.consume({
      callback: ({ seq, time, data, info, headers }) => {
        const timestampMs = time.getTime();
        onMessage?.({ seq, timestampMs, id: headers?.get('Nats-Msg-Id') ?? '' });
        collector.take({ seq, timestampMs, data }, info.pending === 0);
      },
    });
    await collector.done(timeoutMs).finally(() => messages.stop());
  }
  // Nobody waits for it: the server forgets an ephemeral consumer by itself.
  void consumer.delete().catch(() => undefined);
  return collector.found();
}

function startOf({ afterSeq = 0, sinceMs }: ReadRange): Partial<OrderedConsumerOptions> {
  if (afterSeq > 0) return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: afterSeq };
  if (sinceMs === undefined) return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() };
}
