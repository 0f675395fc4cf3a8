import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Consumer, ConsumerMessages, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { parseStoreReply } from '../log/jetstream/store-reply.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { tenantOfWork, workIn, workOf } from '../subjects/subjects.ts';
import type { OpenWorkQueue, TakeOptions, WorkItem, WorkKind, WorkTaker } from './work-queue.ts';
import { workStream } from './work-streams.ts';

/** What the queues on JetStream can be given. */
export interface JetStreamWorkQueueOptions {
  /** How long a stream may take to answer. Default 2,000. */
  readonly timeoutMs?: number;
  /** What is in hand comes again so long after the death of its taker. Default 30,000. */
  readonly ackWaitMs?: number;
}

const TIMEOUT_MS = 2_000;
const ACK_WAIT_MS = 30_000;
const NANOS_PER_MS = 1_000_000;
/** Fetched ahead of what is done: memory for this many bodies, at the most. */
const MAX_AHEAD = 128;

/**
 * Queues on JetStream, one stream a kind ({@link provisionWorkStreams}), one consumer a partition. Taking over makes a new
 * consumer: it begins with the oldest that is not done, and the one before ends, whoever still believes in it.
 */
export async function createJetStreamWorkQueues(
  spine: NatsSpine,
  { timeoutMs = TIMEOUT_MS, ackWaitMs = ACK_WAIT_MS }: JetStreamWorkQueueOptions = {},
): Promise<OpenWorkQueue> {
  const manager = await jetstreamManager(spine.connection, { timeout: timeoutMs, checkAPI: false });
  const { consumers } = jetstream(spine.connection, { timeout: timeoutMs });
  return (kind) => ({
    async add({ tenant, partition, id, data }) {
      const stored = spine.store(workOf(kind, tenant, partition), data, `${tenant}/${id}`, timeoutMs);
      // No stream listens: nothing was stored.
      const answer = await stored.catch((cause: unknown) => {
        throw cause instanceof BusError && cause.code === 'NOT_FOUND' ? unavailable(cause) : cause;
      });
      parseStoreReply(answer);
    },
    async take(partition, options) {
      try {
        const name = await takeOver(manager, kind, partition, options, ackWaitMs);
        return await startTaker(await consumers.get(workStream(kind), name), options, ackWaitMs);
      } catch (cause) {
        throw unavailable(cause);
      }
    },
  });
}

function unavailable(cause: unknown): BusError {
  return new BusError('UNAVAILABLE', 'The queue of work cannot be used.', { cause });
}

/** Gives the name of the new consumer. The stream takes no second one of the same partition, so two cannot both win. */
async function takeOver(
  { consumers }: JetStreamManager,
  kind: WorkKind,
  partition: number,
  { maxInHand }: TakeOptions,
  ackWaitMs: number,
): Promise<string> {
  const stream = workStream(kind);
  const prefix = `p${partition}_`;
  for await (const { name } of consumers.list(stream)) {
    if (name.startsWith(prefix)) await consumers.delete(stream, name);
  }
  const name = prefix + crypto.randomUUID();
  await consumers.add(stream, {
    durable_name: name,
    filter_subject: workIn(kind, partition),
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: maxInHand,
    max_deliver: -1,
  });
  return name;
}

async function startTaker(
  consumer: Consumer,
  { maxInHand, onItem, onEnded }: TakeOptions,
  ackWaitMs: number,
): Promise<WorkTaker> {
  const inHand = new Set<JsMsg>();
  const take = (message: JsMsg): void => {
    const item = itemOf(message, inHand);
    if (item === undefined) return;
    try {
      onItem(item);
    } catch {
      item.nak(0);
    }
  };
  const messages = await consumer.consume({
    max_messages: Math.min(maxInHand, MAX_AHEAD),
    abort_on_missing_resource: true,
    callback: take,
  });
  const keeping = setInterval(() => {
    for (const message of inHand) message.working();
  }, ackWaitMs / 3);
  keeping.unref();
  let isStopped = false;
  void closed(messages).then(() => {
    clearInterval(keeping);
    if (!isStopped) onEnded();
  });
  return {
    stop: () => {
      isStopped = true;
      messages.stop();
    },
  };
}

async function closed(messages: ConsumerMessages): Promise<void> {
  // With or without a failure: nothing comes any more.
  await messages.closed().catch(() => undefined);
}

function itemOf(message: JsMsg, inHand: Set<JsMsg>): WorkItem | undefined {
  const tenant = tenantOfWork(message.subject);
  if (tenant === undefined) {
    message.term('not a subject of ours');
    return undefined;
  }
  inHand.add(message);
  const end = (how: () => void): void => {
    if (inHand.delete(message)) how();
  };
  return {
    tenant,
    seq: message.seq,
    data: message.data,
    ack: () => end(() => message.ack()),
    nak: (delayMs) => end(() => message.nak(delayMs)),
  };
}
