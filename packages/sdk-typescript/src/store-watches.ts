import { BusError } from '@arqonbus/protocol';
import type { ArqonClient, SystemMessage } from './arqon-client.ts';
import type { Clock } from './clock.ts';
import { NewsQueue } from './news-queue.ts';
import { persist } from './persistent-command.ts';

/** One key, or all with a prefix. */
export type WatchedKeys = string | { readonly prefix: string };

/** Where a watch begins. */
export interface StoreWatchOptions {
  /** The last version that was seen: what has changed since is told first. Default: from now on. */
  readonly after?: number;
}

/**
 * What a watch tells, in the order of the versions. `missed` = more has changed than can be told: read anew, then go on.
 */
export type StoreChange =
  | { readonly kind: 'set'; readonly key: string; readonly version: number; readonly value: unknown }
  | { readonly kind: 'deleted'; readonly key: string; readonly version: number }
  | { readonly kind: 'missed' };

/** Changes of the store, to be read once. Its iteration ends with `close`, throws when rights end it, and when the client closes. */
export interface StoreWatch extends AsyncIterable<StoreChange> {
  /** The version up to which everything has been told, or was there before it began. */
  readonly version: number;
  /** Ends it. */
  close(): Promise<void>;
}

/** Changes that wait for a slow reader; of more none is told, but `missed`. */
const MAX_WAITING = 1_000;

interface Watching {
  readonly namespace: string;
  readonly target: { readonly key: string } | { readonly prefix: string };
  readonly news: NewsQueue<StoreChange | { readonly kind: 'failed'; readonly error: BusError }>;
  /** Undefined = not known yet. */
  version: number | undefined;
  isBeginning: boolean;
}

/** The watches of a client, through reconnects. */
export class StoreWatches {
  readonly #client: Pick<ArqonClient, 'command' | 'on'>;
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watching>();
  #isListening = false;

  constructor(client: Pick<ArqonClient, 'command' | 'on'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async watch(namespace: string, keys: WatchedKeys, { after }: StoreWatchOptions): Promise<StoreWatch> {
    const target = typeof keys === 'string' ? { key: keys } : { prefix: keys.prefix };
    const id = idOf(namespace, target);
    if (this.#watches.has(id)) throw new BusError('CONFLICT', 'The client watches this already.');
    const news: Watching['news'] = new NewsQueue(MAX_WAITING + 1);
    const watching: Watching = { namespace, target, news, version: after, isBeginning: true };
    // Changes may come before the answer is read.
    this.#watches.set(id, watching);
    this.#listen();
    try {
      await this.#begin(watching);
    } catch (error) {
      this.#watches.delete(id);
      throw error;
    } finally {
      watching.isBeginning = false;
    }
    return this.#handleOf(id, watching);
  }

  async #begin(watching: Watching): Promise<void> {
    const { namespace, target, version: after } = watching;
    const from = after === undefined ? {} : { after };
    const { version, complete } = await this.#client.command('op.store.watch', { namespace, ...target, ...from });
    watching.version ??= version;
    if (complete) return;
    watching.version = Math.max(watching.version, version);
    watching.news.replaceAll({ kind: 'missed' });
  }

  #handleOf(id: string, watching: Watching): StoreWatch {
    const { namespace, target, news } = watching;
    return {
      get version() {
        return watching.version ?? 0;
      },
      close: async () => {
        news.end();
        if (this.#watches.get(id) !== watching) return;
        this.#watches.delete(id);
        // Where the connection is lost there is nothing to end.
        await this.#client.command('op.store.unwatch', { namespace, ...target }).catch(() => undefined);
      },
      async *[Symbol.asyncIterator]() {
        for await (const change of news.iterator()) {
          if (change.kind === 'failed') throw change.error;
          yield change;
        }
      },
    };
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#client.on('system', (message) => {
      if (message.event === 'store') this.#take(message);
    });
    this.#client.on('welcome', () => {
      for (const [id, watching] of this.#watches) void this.#beginAgain(id, watching);
    });
    this.#client.on('close', ({ error, willReconnect }) => {
      if (!willReconnect) for (const id of this.#watches.keys()) this.#fail(id, error ?? new BusError('UNAVAILABLE'));
    });
  }

  async #beginAgain(id: string, watching: Watching): Promise<void> {
    if (watching.isBeginning) return;
    watching.isBeginning = true;
    const isWanted = (): boolean => this.#watches.get(id) === watching;
    try {
      const begin = async (): Promise<void> => (isWanted() ? this.#begin(watching) : undefined);
      await persist(this.#clock, begin, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (isWanted()) this.#fail(id, error instanceof BusError ? error : new BusError('INTERNAL_ERROR'));
    }
    watching.isBeginning = false;
  }

  #take({ payload }: SystemMessage): void {
    const { namespace, key, prefix, version, value, deleted, missed, ended } = payload;
    const id = idOf(String(namespace), typeof prefix === 'string' ? { prefix } : { key: String(key) });
    const watching = this.#watches.get(id);
    if (watching === undefined) return;
    if (ended !== undefined) this.#fail(id, new BusError('AUTHORIZATION_ERROR', 'Rights have ended the watch.'));
    else if (missed === true) watching.news.replaceAll({ kind: 'missed' });
    else if (typeof version === 'number' && version > (watching.version ?? 0)) {
      watching.version = version;
      if (watching.news.length >= MAX_WAITING) watching.news.replaceAll({ kind: 'missed' });
      const of = { key: String(key), version };
      watching.news.push(deleted === true ? { kind: 'deleted', ...of } : { kind: 'set', ...of, value });
    }
  }

  #fail(id: string, error: BusError): void {
    const watching = this.#watches.get(id);
    this.#watches.delete(id);
    watching?.news.push({ kind: 'failed', error });
    watching?.news.end();
  }
}

function idOf(namespace: string, target: Watching['target']): string {
  return JSON.stringify([namespace, target]);
}
