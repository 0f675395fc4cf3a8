import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { createInbox, nanos, nuid } from '@nats-io/transport-node';
import type { KeyValueChange, KeyValueEntry } from '../key-value/key-value.ts';

/** A running read of a bucket: what is there, and then every change. */
export interface BucketRead {
  /** Ends it, here and on the server. Idempotent. */
  stop(): void;
}

/** Who is told while a bucket is read. None may throw. */
export interface BucketReadListener {
  onChange(change: KeyValueChange): void;
  /** All that was there at the start has been told. */
  onReady(): void;
  /** Changes were missed, or it is not known whether any were: nothing more is told. At most once. */
  onLost(cause: Error): void;
}

/** What of a bucket is read, and over which connection. */
export interface BucketReadOptions {
  readonly js: JetStreamClient;
  /** First tokens of the subjects on which the connection may receive. */
  readonly inboxPrefix: string;
  readonly bucket: string;
  readonly prefix: string;
  /** Told of entries that cannot be read. */
  readonly onError: (error: unknown) => void;
}

/**
 * The server of a read, which need not be the one of the connection, gives a sign of life that often; after two that do not come the
 * read is lost: 4 to 6 s. The client's own ordered consumers wait for 60 to 90 s, in which a ban would not be heard of (SPN-6).
 */
const HEARTBEAT_MS = 2_000;
/** A server forgets a read so long after its reader has gone. */
const FORGET_MS = 300_000;

/**
 * Reads the keys under `prefix` in one pass of an ephemeral consumer: the latest state of each key, deleted ones as
 * undefined, then every change. Rejects where the server does not answer or there is no such bucket. An entry that cannot
 * be read is reported and left out (SPN-3).
 */
export async function readBucket(options: BucketReadOptions, listener: BucketReadListener): Promise<BucketRead> {
  const { js, bucket, prefix, onError } = options;
  const [stream, root] = [`KV_${bucket}`, `$KV.${bucket}.`];
  const { consumers } = await js.jetstreamManager(false);
  const config = configOf(options, root);
  let missing = (await consumers.add(stream, config)).num_pending;
  if (missing === 0) listener.onReady();
  let delivered = 0;
  const consumer = await js.consumers.getBoundPushConsumer(config);
  let isOver = false;
  const messages = await consumer.consume({
    // What it throws would end the read, and nobody would know.
    callback: (message) => {
      if (isOver) return;
      if (message.info.deliverySequence !== ++delivered) return lose('changes were missed');
      try {
        const change = toChange(message, root.length);
        if (change.key.startsWith(prefix)) listener.onChange(change);
      } catch (error) {
        onError(error);
      }
      // An entry may have been replaced since it was counted: the last one says itself that none waits behind it.
      if (missing > 0 && (--missing === 0 || message.info.pending === 0)) {
        missing = 0;
        listener.onReady();
      }
    },
  });
  const stop = (): void => {
    if (isOver) return;
    isOver = true;
    void end(messages, () => consumers.delete(stream, config.name));
  };
  const lose = (why: string): void => {
    if (isOver) return;
    stop();
    listener.onLost(new Error(`the read of ${bucket} was lost: ${why}`));
  };
  void follow(messages, () => delivered, lose);
  return { stop };
}

function configOf({ inboxPrefix, prefix }: BucketReadOptions, root: string) {
  return {
    name: `read_${nuid.next()}`,
    deliver_subject: createInbox(inboxPrefix),
    deliver_policy: DeliverPolicy.LastPerSubject,
    // Wildcards stand for whole tokens: the rest of the prefix is compared where it is read.
    filter_subject: `${root}${prefix.slice(0, prefix.lastIndexOf('.') + 1)}>`,
    ack_policy: AckPolicy.None,
    max_deliver: 1,
    num_replicas: 1,
    flow_control: true,
    idle_heartbeat: nanos(HEARTBEAT_MS),
    inactive_threshold: nanos(FORGET_MS),
  };
}

/** Watches over a read until it ends: whether its server lives, and has sent no more than came. */
async function follow(messages: ConsumerMessages, delivered: () => number, lose: (why: string) => void): Promise<void> {
  for await (const event of messages.status()) {
    if (event.type === 'heartbeats_missed') lose('its server gives no sign of life');
    else if (event.type === 'consumer_deleted') lose('its server ended it');
    else if (event.type === 'heartbeat' && event.lastConsumerSequence > delivered())
      lose('the last changes were missed');
  }
  lose('the connection ended it');
}

/** Starts one read of what is listed or watched. */
export type StartRead = (listener: BucketReadListener) => Promise<BucketRead>;

/** What a read finds, by key. Rejects when nothing comes for `timeoutMs`. */
export async function listBucket(startRead: StartRead, timeoutMs: number): Promise<readonly KeyValueEntry[]> {
  const entries = new Map<string, KeyValueEntry>();
  let timer: NodeJS.Timeout | undefined;
  let read: BucketRead | undefined;
  let isOver = false;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('the list was not completed in time')), timeoutMs);
      const onChange = ({ key, value, revision }: KeyValueChange): void => {
        timer?.refresh();
        if (value === undefined) entries.delete(key);
        else entries.set(key, { key, value, revision });
      };
      startRead({ onChange, onReady: resolve, onLost: reject }).then((started) => {
        if (isOver) started.stop();
        else read = started;
      }, reject);
    });
  } finally {
    isOver = true;
    clearTimeout(timer);
    read?.stop();
  }
  return [...entries.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function toChange(message: JsMsg, rootLength: number): KeyValueChange {
  const isDeleted = (message.headers?.get('KV-Operation') ?? '') !== '';
  return {
    key: message.subject.slice(rootLength),
    value: isDeleted ? undefined : message.data,
    revision: message.seq,
  };
}

async function end(messages: ConsumerMessages, forget: () => Promise<unknown>): Promise<void> {
  messages.stop();
  try {
    await forget();
  } catch {
    // The server forgets it by itself after minutes of silence; this only frees it sooner.
  }
}
