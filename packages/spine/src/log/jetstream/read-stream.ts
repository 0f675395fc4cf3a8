import { DeliverPolicy } from '@nats-io/jetstream';
import type { JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { USER_HEADER } from '../../nats/requests.ts';
import type { SubjectFilter } from '../../subjects/subject.ts';
import { parseKeyToken } from '../../subjects/tokens.ts';

/** A part of a stream: behind the first of these sequences, up to the last. */
export interface StreamRange {
  readonly afterSeq: number;
  readonly lastSeq: number;
}

/** How a stream is read. */
export interface ReadStreamOptions {
  readonly limit: number;
  /** Ends the page once its messages hold this many bytes of data. */
  readonly maxBytes: number;
  /** How long the next message may take to come. */
  readonly timeoutMs: number;
  /** Only these messages, and of them the headers. Default: all, as they are. */
  readonly headersOf?: SubjectFilter;
}

/** Messages of a stream in their order. */
export interface TakenMessages {
  readonly taken: readonly JsMsg[];
  /** The end of the range was reached. */
  readonly isAll: boolean;
}

/** Takes the messages behind a position by one ordered, ephemeral consumer (LOG-18). Rejects with `UNAVAILABLE`. */
export async function readStream(
  js: JetStreamClient,
  stream: string,
  { afterSeq, lastSeq }: StreamRange,
  { limit, maxBytes, timeoutMs, headersOf }: ReadStreamOptions,
): Promise<TakenMessages> {
  const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: afterSeq + 1 } as const;
  const some = headersOf === undefined ? {} : { filter_subjects: headersOf, headers_only: true };
  const consumer = await js.consumers.getPushConsumer(stream, { ...start, ...some });
  const { num_pending: pending } = await consumer.info(true);
  const taken: JsMsg[] = [];
  let bytes = 0;
  let isAll = pending === 0;
  if (pending > 0) {
    let settle: (error?: BusError) => void = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    const timer = setTimeout(() => settle(new BusError('UNAVAILABLE')), timeoutMs);
    const messages = await consumer.consume({
      callback: (message) => {
        timer.refresh();
        if (isAll || taken.length >= limit || bytes >= maxBytes) return;
        // What came since the question is for the next page.
        if (message.seq <= lastSeq) taken.push(message);
        bytes += message.data.length;
        isAll = message.seq >= lastSeq || message.info.pending === 0;
        if (isAll || taken.length >= limit || bytes >= maxBytes) settle();
      },
    });
    await done.finally(() => {
      clearTimeout(timer);
      messages.stop();
    });
  }
  // Nobody waits for it: the server forgets an ephemeral consumer by itself.
  void consumer.delete().catch(() => undefined);
  return { taken, isAll };
}

/** Who published a stored message; '' where it does not tell. */
export function authorOf({ headers }: Pick<JsMsg, 'headers'>): string {
  return parseKeyToken(headers?.get(USER_HEADER) ?? '');
}
