import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { BusError } from '@arqonbus/protocol';
import type { Subject } from '../../subjects/subject.ts';
import { reach } from './reach.ts';

/** How far a channel and its stream go. */
export interface ChannelEnd {
  /** The channel's last sequence, 0 = it holds nothing. */
  readonly channelSeq: number;
  /** A sequence of the stream that was known where the channel's was told. */
  readonly streamSeq: number;
}

/** Where a channel's end is asked for. */
export interface ChannelEndOptions {
  readonly connection: Pick<NatsConnection, 'requestMany'>;
  readonly manager: Pick<JetStreamManager, 'streams'>;
  readonly stream: string;
  readonly subject: Subject;
  readonly timeoutMs: number;
}

/**
 * Both as one copy of the stream has them, whichever answers, so that they belong together: while a server leads no more and does
 * not know it, two questions may be answered by two. Only for servers that answer batches. Throws `UNAVAILABLE`.
 */
export async function endOfCopy(options: ChannelEndOptions): Promise<ChannelEnd> {
  const { channelSeq, end } = await reach(() => askCopy(options));
  if (end.headers?.code === 204) return { channelSeq, streamSeq: numberIn(end, 'Nats-UpTo-Sequence') };
  if (end.headers?.code !== 404) throw new BusError('UNAVAILABLE', 'The log cannot be read.');
  // It holds nothing of the channel, and does not say how far it goes itself; the leader does, with what it holds.
  const { manager, stream, subject } = options;
  const { state } = await reach(() => manager.streams.info(stream, { subjects_filter: subject }));
  return { channelSeq: 0, streamSeq: (state.subjects?.[subject] ?? 0) > 0 ? 0 : state.last_seq };
}

/** The last message of the channel, if there is one, and the message that ends the answer. */
async function askCopy({
  connection,
  stream,
  subject,
  timeoutMs,
}: ChannelEndOptions): Promise<{ readonly channelSeq: number; readonly end: Msg }> {
  const query = JSON.stringify({ multi_last: [subject], batch: 1, max_bytes: 1 });
  const answers = await connection.requestMany(`$JS.API.DIRECT.GET.${stream}`, query, { maxWait: timeoutMs });
  let channelSeq = 0;
  for await (const answer of answers) {
    if ((answer.headers?.code ?? 0) !== 0) return { channelSeq, end: answer };
    channelSeq = numberIn(answer, 'Nats-Sequence');
  }
  throw new BusError('TIMEOUT');
}

function numberIn({ headers }: Msg, name: string): number {
  return Number(headers?.get(name) ?? 0);
}

/**
 * The same from servers that have no such question: three answers, which the leader gave. Where two take themselves for it they may
 * not belong together.
 */
export async function endOfLeader(
  { manager, stream }: Pick<ChannelEndOptions, 'manager' | 'stream'>,
  leaderSeq: () => Promise<number>,
): Promise<ChannelEnd> {
  const streamSeq = async (): Promise<number> => (await reach(() => manager.streams.info(stream))).state.last_seq;
  const before = await streamSeq();
  const channelSeq = await leaderSeq();
  return { channelSeq, streamSeq: Math.min(before, await streamSeq()) };
}
