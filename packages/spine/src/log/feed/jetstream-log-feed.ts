import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JsMsg } from '@nats-io/jetstream';
import { BusError, isArchived } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { addressOf } from '../../subjects/subjects.ts';
import { reach } from '../jetstream/reach.ts';
import { authorOf, readStream } from '../jetstream/read-stream.ts';
import { StreamEpochs } from '../jetstream/stream-epochs.ts';
import type { StreamEpoch } from '../jetstream/stream-epochs.ts';
import type { StreamGenerations } from '../jetstream/stream-generations.ts';
import { streamsOf } from '../placement/log-layout.ts';
import type { LogPlaces } from '../placement/log-places.ts';
import type { FeedEntry, FeedPage, LogFeed } from './log-feed.ts';

/** What reading whole streams needs. */
export interface JetStreamLogFeedOptions {
  readonly places: LogPlaces;
  readonly generations: StreamGenerations;
  /** How long a stream may take to answer, and its next message to come. Default 2,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 2_000;

/** The streams of the log, read from end to end by Brains. */
export async function createJetStreamLogFeed(
  spine: NatsSpine,
  { places, generations, timeoutMs = DEFAULT_TIMEOUT_MS }: JetStreamLogFeedOptions,
): Promise<LogFeed> {
  const js = jetstream(spine.connection, { timeout: timeoutMs });
  const manager = await jetstreamManager(spine.connection, { timeout: timeoutMs, checkAPI: false });
  const epochs = new StreamEpochs({ spine, manager, generations, onRegressed: () => undefined });
  const toEntry = (message: JsMsg, epoch: StreamEpoch): FeedEntry | undefined => {
    const address = addressOf(message.subject);
    if (address === undefined) return undefined;
    const { generation } = places.placeOf(address);
    const { seq, time, data } = message;
    const author = { user: authorOf(message), timestampMs: time.getTime() };
    return { address, epoch: epoch.text(generation), seq, prevSeq: undefined, data, ...author };
  };
  return {
    sources: () =>
      streamsOf(places.layout)
        .filter(({ profile }) => isArchived(profile))
        .map(({ stream }) => stream),
    incarnation: async (stream) => (await epochs.of(stream)).text(0),
    read: async (stream, incarnation, afterSeq, limits) => {
      const epoch = await epochs.of(stream);
      const { state } = await reach(() => manager.streams.info(stream));
      const lastSeq = state.last_seq;
      if (epoch.text(0) !== incarnation || lastSeq < afterSeq) throw new BusError('CONFLICT');
      if (lastSeq === afterSeq) return { entries: [], endSeq: afterSeq, lastSeq, gaps: [], missing: 0 };
      const messages = await reach(() => readStream(js, stream, { afterSeq, lastSeq }, { ...limits, timeoutMs }));
      const entries = messages.taken.map((message) => toEntry(message, epoch)).filter((entry) => entry !== undefined);
      const endSeq = messages.isAll ? lastSeq : (messages.taken.at(-1)?.seq ?? afterSeq);
      const seqs = messages.taken.map(({ seq }) => seq);
      return { entries, endSeq, lastSeq, ...holesIn(seqs, afterSeq, endSeq) };
    },
  };
}

/** A stream's sequences have no holes but where something has gone. */
function holesIn(seqs: readonly number[], afterSeq: number, endSeq: number): Pick<FeedPage, 'gaps' | 'missing'> {
  const gaps = seqs.filter((seq, index) => seq !== (seqs[index - 1] ?? afterSeq) + 1);
  if (endSeq > (seqs.at(-1) ?? afterSeq)) gaps.push(endSeq);
  return { gaps, missing: endSeq - afterSeq - seqs.length };
}
