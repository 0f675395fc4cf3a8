import { DeliverPolicy } from '@nats-io/jetstream';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { KeyValueChange, KeyValueEntry } from '../key-value/key-value.ts';

/** A running read of a bucket: what is there, and then every change. */
export interface BucketRead {
  /** Ends it, here and on the server. Idempotent. */
  stop(): void;
}

/** Who is told while a bucket is read. Neither may throw. */
export interface BucketReadListener {
  onChange(change: KeyValueChange): void;
  /** All that was there at the start has been told. */
  onReady(): void;
}

/**
 * Reads the keys under `prefix` in one pass of an ordered consumer: the latest state of each key, deleted ones as
 * undefined, then every change. Rejects where the server does not answer or there is no such bucket. An entry that cannot
 * be read is reported and left out (SPN-3).
 */
export async function readBucket(
  js: JetStreamClient,
  bucket: string,
  prefix: string,
  listener: BucketReadListener,
  onError: (error: unknown) => void,
): Promise<BucketRead> {
  const root = `$KV.${bucket}.`;
  const consumer = await js.consumers.getPushConsumer(`KV_${bucket}`, {
    // Wildcards stand for whole tokens: the rest of the prefix is compared here.
    filter_subjects: `${root}${prefix.slice(0, prefix.lastIndexOf('.') + 1)}>`,
    deliver_policy: DeliverPolicy.LastPerSubject,
  });
  let missing = (await consumer.info(true)).num_pending;
  if (missing === 0) listener.onReady();
  const messages = await consumer.consume({
    // What it throws would end the read, and nobody would know.
    callback: (message) => {
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
  return { stop: () => void end(messages, () => consumer.delete()) };
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
      startRead({ onChange, onReady: resolve }).then((started) => {
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
