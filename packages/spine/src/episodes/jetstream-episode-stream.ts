import { AckPolicy, DeliverPolicy, JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { readByConsumer } from '../log/jetstream/consumer-reader.ts';
import { parseStoreReply } from '../log/jetstream/store-reply.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { ALL_EPISODES, episodesOf, tenantOfEpisodes } from '../subjects/subjects.ts';
import type { WorkTaker } from '../work/work-queue.ts';
import type { EpisodeBacklog, EpisodeItem, EpisodeStream, TakeEpisodesOptions } from './episode-stream.ts';
import { EPISODE_STREAM } from './episode-streams.ts';

/** What the stream on JetStream can be given. */
export interface JetStreamEpisodeStreamOptions {
  /** How long the stream may take to answer. Default 2,000. */
  readonly timeoutMs?: number;
  /** What is in hand comes again so long after it was handed out. Default 10,000. */
  readonly ackWaitMs?: number;
}

/** The durable consumer that all projectors share. */
const PROJECTOR = 'projector';

const TIMEOUT_MS = 2_000;
const ACK_WAIT_MS = 10_000;
const NANOS_PER_MS = 1_000_000;
/** What may be handed out and not done, over all projectors: a batch under way and one fetched ahead for each of many. */
const MAX_ACK_PENDING = 8_192;
/** NATS's own code of "there is no such message". */
const NO_MESSAGE = 10_037;

/** Events on JetStream ({@link EPISODE_STREAM}, which must exist), taken by one durable consumer. */
export async function createJetStreamEpisodeStream(
  spine: NatsSpine,
  { timeoutMs = TIMEOUT_MS, ackWaitMs = ACK_WAIT_MS }: JetStreamEpisodeStreamOptions = {},
): Promise<EpisodeStream> {
  const manager = await jetstreamManager(spine.connection, { timeout: timeoutMs, checkAPI: false });
  const js = jetstream(spine.connection, { timeout: timeoutMs });
  // Nothing of it is hidden from who reads.
  const kept = { maxMessages: Number.POSITIVE_INFINITY, keptMessages: Number.POSITIVE_INFINITY };
  return {
    async add({ tenant, id, data }) {
      const stored = spine.store(episodesOf(tenant), data, `${tenant}/${id}`, timeoutMs);
      // No stream listens: nothing was stored.
      const answer = await stored.catch((cause: unknown) => {
        throw cause instanceof BusError && cause.code === 'NOT_FOUND' ? unavailable(cause) : cause;
      });
      parseStoreReply(answer);
    },
    take: (options) =>
      reach(async () => {
        await addProjector(manager, ackWaitMs);
        const consumer = await js.consumers.get(EPISODE_STREAM, PROJECTOR);
        const messages = await consumer.consume({
          max_messages: options.maxInHand,
          abort_on_missing_resource: true,
          callback: (message) => handOut(message, options),
        });
        return takerOf(messages, options);
      }),
    read: (tenant, range) =>
      reach(async () => {
        const reader = { js, stream: EPISODE_STREAM, subject: episodesOf(tenant), timeoutMs, ...kept };
        const { entries, isComplete } = await readByConsumer(reader, range);
        const events = entries.map(({ seq, timestampMs: atMs, data }) => ({ tenant, seq, atMs, data }));
        return { events, isAll: !isComplete };
      }),
    backlog: (tenant) => reach(() => backlog(manager, tenant)),
  };
}

function unavailable(cause: unknown): BusError {
  return new BusError('UNAVAILABLE', 'The stream of episodes cannot be used.', { cause });
}

async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Finds it, where it is the same. */
async function addProjector({ consumers }: JetStreamManager, ackWaitMs: number): Promise<void> {
  await consumers.add(EPISODE_STREAM, {
    durable_name: PROJECTOR,
    filter_subject: ALL_EPISODES,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: MAX_ACK_PENDING,
    max_deliver: -1,
  });
}

function handOut(message: JsMsg, { onItem }: TakeEpisodesOptions): void {
  const tenant = tenantOfEpisodes(message.subject);
  if (tenant === undefined) message.term('not a subject of ours');
  else onItem(itemOf(message, tenant));
}

function itemOf(message: JsMsg, tenant: TenantId): EpisodeItem {
  return {
    tenant,
    seq: message.seq,
    atMs: message.time.getTime(),
    data: message.data,
    ack: () => message.ack(),
    nak: (delayMs) => message.nak(delayMs),
  };
}

interface Taking {
  stop(): void;
  closed(): Promise<void | Error>;
}

function takerOf(messages: Taking, { onEnded }: TakeEpisodesOptions): WorkTaker {
  let isStopped = false;
  const ended = (): void => {
    if (!isStopped) onEnded();
  };
  // With or without a failure: nothing comes any more.
  messages.closed().then(ended, ended);
  return {
    stop: () => {
      isStopped = true;
      messages.stop();
    },
  };
}

async function backlog(manager: JetStreamManager, tenant: TenantId | undefined): Promise<EpisodeBacklog> {
  const info = await manager.consumers.info(EPISODE_STREAM, PROJECTOR).catch(unlessMissing);
  const waiting = info === undefined ? undefined : info.num_pending + info.num_ack_pending;
  if (waiting === 0) return { waiting, oldestAtMs: undefined };
  const next = { seq: (info?.ack_floor.stream_seq ?? 0) + 1, next_by_subj: tenant ? episodesOf(tenant) : ALL_EPISODES };
  const oldest = await manager.streams.getMessage(EPISODE_STREAM, next).catch(unlessMissing);
  return { waiting: waiting ?? (oldest ? 1 : 0), oldestAtMs: oldest?.time.getTime() };
}

function unlessMissing(error: unknown): undefined {
  const isMissing = error instanceof JetStreamApiError && [NO_MESSAGE, 10_014].includes(error.code);
  if (!isMissing) throw error;
  return undefined;
}
