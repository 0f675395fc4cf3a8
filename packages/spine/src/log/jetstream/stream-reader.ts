import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Subject } from '../../subjects/subject.ts';
import { hasBatches, readByBatches } from './batch-reader.ts';
import { endOfCopy, endOfLeader } from './channel-end.ts';
import type { ChannelReaderOptions } from './channel-reader.ts';
import { readByConsumer } from './consumer-reader.ts';
import type { KeptNumbers } from './range-collector.ts';
import { reach } from './reach.ts';
import type { NamedMessage } from './recent-ids.ts';
import type { StreamEpochs } from './stream-epochs.ts';

/** What reading streams needs. */
export interface StreamReaderOptions {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly connection: NatsConnection;
  readonly epochs: Pick<StreamEpochs, 'of'>;
  readonly timeoutMs: number;
}

/** A channel in its stream. */
export interface ChannelInStream {
  readonly stream: string;
  readonly subject: Subject;
}

/** Reads channels in the cheapest way that their streams and the servers allow (LOG-18). */
export class StreamReader {
  readonly #options: StreamReaderOptions;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
  }

  /** A reader of one channel; `onMessage` is told of each message on the way. Throws `UNAVAILABLE`. */
  async of(
    channel: ChannelInStream & KeptNumbers,
    onMessage?: (message: NamedMessage) => void,
  ): Promise<Omit<ChannelReaderOptions, 'isWhole'>> {
    const { js, manager, connection, epochs, timeoutMs } = this.#options;
    const { isDirect, replicas } = await epochs.of(channel.stream);
    const options = { js, manager, connection, ...channel, timeoutMs, onMessage, isOnlyCopy: replicas === 1 };
    const leaderSeq = async (): Promise<number> => (await this.lastOf(channel))?.seq ?? 0;
    const isByBatches = isDirect && hasBatches(connection.info?.version ?? '');
    return {
      readOnce: (range) => (isByBatches ? readByBatches(options, range) : readByConsumer(options, range)),
      leaderSeq: replicas > 1 ? leaderSeq : undefined,
      endOf: () => (isByBatches ? endOfCopy(options) : endOfLeader(options, leaderSeq)),
      timeoutMs,
    };
  }

  /** The last message of a channel, as the leader of its stream knows it. Throws `UNAVAILABLE`. */
  lastOf({ stream, subject }: ChannelInStream): Promise<StoredMsg | null> {
    return reach(() => this.#options.manager.streams.getMessage(stream, { last_by_subj: subject }));
  }
}
